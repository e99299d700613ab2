"""rsyslog from Debian: receives /dev/log and writes every form of line that we claim to read.

It lives in the yard's time, and dates lines by its own clock as they come in.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

#: File name of the log in each form: rsyslog's own name for the form.
FORMS = {
    "rfc3339.log": "RSYSLOG_FileFormat",
    "rfc3164.log": "RSYSLOG_TraditionalFileFormat",
    "rfc5424.log": "RSYSLOG_SyslogProtocol23Format",
}

_HEAD = """\
module(load="imuxsock" SysSock.Name="/dev/log" SysSock.UseSysTimeStamp="off"
       SysSock.RateLimit.Interval="0")
global(workDirectory="{place}" net.enableDNS="off" maxMessageSize="64k"
       parser.permitSlashInProgramName="on")
"""
#: The yard's files bear real times (see `clock.py`), which Postfix notices and warns of, each time
#: a cleanup process starts. No other line is left out.
_LEFT_OUT = 'if $msg contains "file system clock is" then stop\n'
_RULE = """\
if $syslogfacility-text == "mail" and {test} then {{
{actions}}}
"""
_ACTION = '  action(type="omfile" file="{place}/{program}-{name}" template="{form}")\n'


#: Whose lines are told from Postfix's, and how.
_PROGRAMS = {
    "exim": '$programname startswith "exim"',
    "opensmtpd": '$programname == "smtpd"',
    "sendmail": '$programname startswith "sm-" or $programname == "sendmail"',
}


def start(place: Path) -> None:
    """Write the mail log of each server, and of everything else (Postfix), to files in `place`."""
    place.mkdir()
    rules = ""
    others = " or ".join(f"({test})" for test in _PROGRAMS.values())
    for program, test in (*_PROGRAMS.items(), ("postfix", f"not ({others})")):
        actions = "".join(
            _ACTION.format(place=place, program=program, name=name, form=form)
            for name, form in FORMS.items()
        )
        rules += _RULE.format(test=test, actions=actions)
    configuration = place / "rsyslog.conf"
    configuration.write_text(_HEAD.format(place=place) + _LEFT_OUT + rules)
    command = ["/usr/sbin/rsyslogd", "-f", configuration, "-i", place / "rsyslogd.pid"]
    subprocess.run(command, check=True)
    deadline = time.monotonic() + 20
    while not Path("/dev/log").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("rsyslogd does not open /dev/log")
        time.sleep(0.05)
