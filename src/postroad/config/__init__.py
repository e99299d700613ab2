"""Settings: one table, and where their values come from.

The table is the class `Settings`: name, type, default and help of each. Values come from, the later
one winning: the default, the settings file (TOML, `POSTROAD_HOME/postroad.toml` unless
`POSTROAD_CONFIG` names another), the environment (`POSTROAD_` and the name in capitals), and the
command line. What cannot be used raises `ConfigError` with a sentence that names the setting.

Limits: `home` decides where the settings file is looked for, so the file cannot set it; `sources`
is a list of tables, so only the file can. Other lists are written with commas where they are text.
"""

from postroad.config.reading import load, make_home
from postroad.config.settings import Setting, Settings, source_table, table
from postroad.config.source import Source
from postroad.config.zones import system_zone, zone

__all__ = [
    "Setting",
    "Settings",
    "Source",
    "load",
    "make_home",
    "source_table",
    "system_zone",
    "table",
    "zone",
]
