"""What is traced in the comparison: addresses, and what the servers are told about them."""

from __future__ import annotations

from pathlib import Path

from tests.servers.yard import Server

from postroad.model.route import Method
from postroad.trace import Tools

EXIM_ALIASES = """\
loop1@customer.example: loop2@customer.example
loop2@customer.example: loop1@customer.example
self@customer.example: self@customer.example, zoe@partner.example
anna2@customer.example: anna@customer.example, anna@customer.example, info@customer.example
mixed@customer.example: anna@customer.example, nobody@customer.example, x@gone.example, y@nullmx.example, z@broken.example
tofile@customer.example: /srv/kept/tofile.mbox
list@customer.example: :include:/srv/list
many@customer.example: a1@bigmail.example, a2@bigmail.example, a3@partner.example
malformed@customer.example: <>< @@
unqualified@customer.example: dave
nested@customer.example: kept@customer.example, devnull@customer.example, null@customer.example, everyone@customer.example
hole@customer.example: :blackhole:, anna@customer.example
kept@customer.example: "|/srv/keep kept"
unknown@customer.example: :unknown:
"""

FILES = {
    "/srv/list": "anna@customer.example\nzed@partner.example\n",
    "/srv/home/shop/.forward": "shop2@partner.example, \\shop\n",
    "/srv/filter": "# Exim filter\nif error_message then finish endif\n"
    "deliver filtered@partner.example\nsave /srv/kept/filter.mbox\n",
}

EXIM_ROUTERS = """\
begin routers

smarthost:
  driver = manualroute
  domains = elsewhere.example
  transport = remote_smtp
  route_list = * mail.partner.example
  no_more

addressed:
  driver = manualroute
  domains = addressed.example
  transport = remote_smtp
  route_list = * 198.51.100.12
  no_more

filters:
  driver = redirect
  domains = customer.example
  local_parts = filtered
  file = /srv/filter
  allow_filter
  file_transport = address_file
  user = vmail

programs:
  driver = accept
  domains = customer.example
  local_parts = robot
  transport = robot

also_kept:
  driver = accept
  domains = customer.example
  local_parts = watched
  transport = watcher
  unseen
"""

EXIM_TRANSPORTS = """\
begin transports

robot:
  driver = pipe
  command = /srv/keep robot
  user = vmail
  return_fail_output

watcher:
  driver = pipe
  command = /srv/keep watcher
  user = vmail
  return_fail_output
"""

#: Where somebody listens and never says a word.
SILENT_PORT = 9999
HANGING = f"""\
begin routers

hanging:
  driver = redirect
  domains = hanging.example
  data = ${{readsocket{{inet:192.0.2.11:{SILENT_PORT}}}{{x}}{{60s}}}}
"""

POSTFIX_TABLES = {
    "main.cf": """
canonical_maps = texthash:PLACE/etc/canonical
recipient_canonical_maps = texthash:PLACE/etc/recipient_canonical
relocated_maps = texthash:PLACE/etc/relocated
relay_domains = relayed.example
relay_recipient_maps = texthash:PLACE/etc/relay_recipients
virtual_alias_domains = aliases.example
virtual_alias_maps = texthash:PLACE/etc/virtual regexp:PLACE/etc/virtual_regexp
""",
    "canonical": "old.name@school.example anna@school.example\n@renamed.example @school.example\n",
    "recipient_canonical": "typo@school.example ben@school.example\n",
    "relocated": "gone@school.example gone.away@partner.example\n",
    "relay_recipients": "known@relayed.example x\n",
    "virtual_regexp": "/^news-(.*)@school\\.example$/ $1@partner.example\n",
    "virtual": """\
loop1@school.example loop2@school.example
loop2@school.example loop1@school.example
self@school.example self@school.example, zoe@partner.example
anna2@school.example anna@school.example, anna@school.example, info@school.example
diamond@school.example info@school.example, everyone@school.example
mixed@school.example anna@school.example, x@gone.example, y@nullmx.example, z@broken.example
many@school.example a1@bigmail.example, a2@bigmail.example, a3@partner.example
one@aliases.example anna@school.example
@catchall.example archive@school.example
@moved.example @partner.example
tolocal@school.example newsdesk@mx2.example.com
anna+own@school.example omar@school.example
aliases.example x
unqualified@school.example dave
""",
    "transport": """\
elsewhere.example smtp:[mail.partner.example]
.elsewhere.example smtp:[198.51.100.12]
addressed.example smtp:[198.51.100.12]:25
relayed.example relay:[mail.partner.example]
kept@school.example keeper:
catchall.example :
""",
    "mailboxes": "kept@school.example nowhere/\ngone@school.example nowhere/\nself@school.example school.example/self/\n",
    "aliases": """\
loop1 loop2
loop2 loop1
dave dave, dave3@partner.example
kept "|/srv/keep local"
tofile /srv/kept/local.mbox
mixture newsdesk, anna@school.example, nosuch, "|/srv/keep mixture"
nowhere nosuchuser
alpha info@school.example
""",
}

POSTFIX_SERVICES = """\
keeper    unix  -       n       n       -       -       pipe
    flags=R user=vmail argv=/srv/keep keeper
"""

_OUTSIDE = (
    "zoe@partner.example",
    "wendy@bigmail.example",
    "six@six.example",
    "x@gone.example",
    "x@nullmx.example",
    "x@noaddress.example",
    "x@broken.example",
    "x@down.example",
    "nick@strict.example",
    "dave@busy.example",
    "-bt@partner.example",
    '"odd name"@partner.example',
    "x@elsewhere.example",
    "x@addressed.example",
    "x@aliasmx.example",
)
_ALIKE = (
    "anna",
    "BEN",
    "anna+shop",
    "info",
    "everyone",
    "sales",
    "dora",
    "lost",
    "loop1",
    "self",
    "anna2",
    "mixed",
    "many",
    "unqualified",
    "devnull",
    "closed",
    "moving",
    "kept",
    "who",
    "bounces",
)
ADDRESSES = {
    "exim": (
        *_OUTSIDE,
        *(f"{name}@customer.example" for name in _ALIKE),
        "ida@bakery.example",
        "null@customer.example",
        "tofile@customer.example",
        "list@customer.example",
        "malformed@customer.example",
        "nested@customer.example",
        "hole@customer.example",
        "unknown@customer.example",
        "robot@customer.example",
        "watched@customer.example",
        "filtered@customer.example",
        "shop@mx1.example.com",
        "carol@mx1.example.com",
        "nobody-here@mx1.example.com",
        "x@example.com",
        "ben@school.example",
    ),
    "postfix": (
        *_OUTSIDE,
        *(f"{name}@school.example" for name in _ALIKE),
        "ida@club.example",
        "diamond@school.example",
        "old.name@school.example",
        "clara@renamed.example",
        "typo@school.example",
        "gone@school.example",
        "clara@school.example",
        "news-ann@school.example",
        "one@aliases.example",
        "two@aliases.example",
        "any@catchall.example",
        "kim@moved.example",
        "tolocal@school.example",
        "anna+own@school.example",
        "known@relayed.example",
        "unknown@relayed.example",
        "x@sub.elsewhere.example",
        "carol@mx2.example.com",
        "dave@mx2.example.com",
        "root@mx2.example.com",
        "newsdesk@mx2.example.com",
        "blackhole@mx2.example.com",
        "kept@mx2.example.com",
        "tofile@mx2.example.com",
        "mixture@mx2.example.com",
        "nowhere@mx2.example.com",
        "alpha@mx2.example.com",
        "loop1@mx2.example.com",
        "nosuchuser@mx2.example.com",
        "dave+tag@mx2.example.com",
        "x@mx2.example.com",
        "ben@customer.example",
    ),
}

#: What every process of a hostile tool has in its command line.
MARK = "77.777"
_FLOOD = f"#!/bin/sh\nyes '{MARK}@customer.example'\n"
_HANG = f"#!/bin/sh\nsleep {MARK} & setsid sleep {MARK} & sleep {MARK}\n"
_GARBAGE = "#!/bin/sh\nhead -c 3000 /dev/urandom\nexit 3\n"


def hostile(name: str, server: Server) -> list[tuple[str, Tools]]:
    """Traces with tools that flood, hang, and talk nonsense: an address that says so, and tools."""
    method = Method(name)
    found = []
    for word, script in (("flood", _FLOOD), ("hang", _HANG), ("garbage", _GARBAGE)):
        folder = Path(f"/srv/{name}-{word}")
        folder.mkdir()
        for tool in ("exim", "postconf", "postmap"):
            (folder / tool).write_text(script)
            (folder / tool).chmod(0o755)
        program = str(folder / ("exim" if method is Method.EXIM else "postconf"))
        found.append((f"{word}@customer.example", Tools(method=method, program=program, seconds=2)))
    return found
