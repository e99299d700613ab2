r"""Fields of Exim's log lines: the patterns and small readers that several kinds of lines share.

Exim builds its lines by appending, so fields have a fixed order (deliver.c, receive.c,
host.c); every pattern here is anchored and made to be read from left to right. The text of a
subject, a HELO or a remote reply is the work of strangers and may look like fields.

Exim shows what it cannot print as `\n`, `\t` or `\ooo` (string.c, `string_printing`); quoted
values have `"` and `\` escaped by a backslash before that.
"""

from __future__ import annotations

import re

import msgspec


class Head(msgspec.Struct, gc=False):
    """What a line says before its own text: when, whose, which message, which process."""

    at: int
    host: str
    queue_id: str
    pid: int


#: The inside of a quoted value, with escapes.
QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
#: An address between angle brackets; a quoted local part may hold brackets itself. Where values
#: are looked for, numbers bound the time that a line made for it can take, and no character is
#: tried as more than one thing.
ANGLE = (
    r'<([^<>"]*+(?=>)'
    r'|(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^>"]){0,320}+(?=>)'
    r"|[^>]{0,320}+)>"
)
#: An address as it stands on its own.
ADDRESS = r'([^ "]+|"[^"\\]*+(?:\\.[^"\\]*+)*+"[^ ]*|[^ ]+)'
#: `host.c`, host_and_ident: name, helo and address of a client. The helo is the client's own text;
#: what counts is the address behind it.
CLIENT = r"(?:([^ ()\[\]]+) )?(?:\((.{0,999}?)\) (?=\[))?\[([^\] ]*)\](?::\w+)?"
#: A host that we connected to: name, address, port; `*` for a connection that was open already.
PEER = r"([^ \[]*)(?: DS)? ?\[([^\] ]*?)(?:\]|(?=: ))(?::(\w+))?\*?"
#: Fields of no further interest, which versions of Exim put at different places.
MINOR = (
    r"(?: (?:CV=\w+|I=\[[^\] ]*\](?::\w+)?|Ci=[^ ]+|K|L[*.-]*|DS|PRDR|TFO\*?|SNI=[^ ]+|PRX=[^ ]+"
    r"|M8S=\d+|DKIM=[^ ]+|ARC|SPF(?:=[^ ]+)?|DMARC(?:=[^ ]+)?|RT=[^ ]+|Q=[^ ]+|PS=\w+"
    r'|DN="[^"\\]*+(?:\\.[^"\\]*+)*+"|ST=[^ ]+(?: \(.*?\))?)(?= |$|: )){0,30}+'
)
#: Cipher, and whether the certificate was verified.
TLS = r"(?: X=([^ ]+(?: CV=\w+)?))?"
#: A message id, old or new (utils/msgid.frag).
MESSAGE_ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"

_UNQUOTE = re.compile(r'\\(["\\])')
_PRINTED = re.compile(r"\\([0-7]{3}|[abfnrtv])")
_PRINTED_OCTETS = re.compile(r"(?:\\[23][0-7]{2})+")
_PRINTED_NEWLINE = re.compile(r"\\n(?=[2-5]\d\d[ -]|\s|$)")
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_SUBJECT = re.compile(r'\\(?:(["\\])|([0-7]{3})|([abfnrtv]))')
_DURATION = re.compile(
    r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9}(?:\.\d+)?)s)?"
)
_HIGHEST_PORT = 65_535
_LONGEST_NUMBER = 15
_SECONDS = (604_800, 86_400, 3_600, 60, 1)

#: `after` what a remote server said it. Addresses may hold anything between their brackets.
_COMMAND = r'(?:[^<:]|(?><(?:[^>"]++|"(?:[^"\\]|\\.)*+")*+>|<[^>]*+>)|:(?! )){0,999}?'
_REPLY = re.compile(
    rf"(?:(?:SMTP|LMTP|PRDR) error (?:from remote mail server )?after {_COMMAND}: )?"
    r"(?:host ([^ ]+) \[([^\] ]+)\](?::\d+)?: )?"
    r"([2-5]\d\d)(?:[ -]([245]\.\d{1,3}\.\d{1,3})?(?![\d.])|$)"
)
_NEXT_ID = re.compile(
    rf"(?:\bid=({MESSAGE_ID})|\bqueued as ([0-9A-Za-z]{{5,}})"
    r"|\b([0-9A-Za-z]{12,16}) Message accepted for delivery)"
)


def unquote(text: str) -> str:
    r"""Undo the quoting of `"` and `\`."""
    return _UNQUOTE.sub(r"\1", text) if "\\" in text else text


def subject(text: str) -> str:
    """Decode the inside of `T="..."`, the message's subject as UTF-8."""
    if "\\" not in text:
        return text
    octets = bytearray()
    end = 0
    for found in _SUBJECT.finditer(text):
        octets += text[end : found.start()].encode("utf-8", "surrogatepass")
        quoted, octal, letter = found.groups()
        if quoted:
            octets += quoted.encode()
        else:
            octets.append(int(octal, 8) & 255 if octal else _LETTERS[letter])
        end = found.end()
    octets += text[end:].encode("utf-8", "surrogatepass")
    return octets.decode("utf-8", "backslashreplace")


def reply(text: str) -> str:
    """Make a reply readable: its lines are lines again, and its UTF-8 is text."""
    if "\\" not in text:
        return text
    text = _PRINTED_OCTETS.sub(_decode_octets, text)
    return _PRINTED_NEWLINE.sub("\n", text).rstrip()


def _decode_octets(found: re.Match[str]) -> str:
    octets = bytes(int(octal, 8) for octal in found[0].split("\\")[1:])
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return found[0]


class Reply(msgspec.Struct, gc=False):
    """What a reply text holds besides words."""

    smtp_code: int | None = None
    enhanced_code: str = ""
    #: The host that said it, where older versions of Exim put it into the text.
    host: str = ""
    ip: str = ""


_NO_REPLY = Reply()


def read_reply(text: str) -> Reply:
    """Find the codes (RFC 5321 section 4.2, RFC 3463) that a text begins with."""
    found = _REPLY.match(text)
    if not found:
        return _NO_REPLY
    host, ip, code, enhanced = found.groups("")
    return Reply(int(code), enhanced, host, ip)


def next_queue_id(text: str) -> str:
    """Find the id under which the next server goes on: Exim, Postfix, sendmail."""
    found = _NEXT_ID.search(text)
    return found[found.lastindex or 0] if found else ""


def seconds(text: str) -> float | None:
    """Read a duration such as `1w2d3h4m5s` or `0.204s`; None if it is none."""
    found = _DURATION.fullmatch(text)
    if not text or not found:
        return None
    return sum(float(n) * unit for n, unit in zip(found.groups("0"), _SECONDS, strict=True))


def number(text: str | None) -> int | None:
    """Read a whole number of a size that can be meant; None for anything else."""
    return int(text) if text and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


def port(text: str | None) -> int | None:
    """Read a port number; None for anything else."""
    found = number(text)
    return found if found is None or found <= _HIGHEST_PORT else None


def is_loopback(ip: str) -> bool:
    """Whether an address is this very host (RFC 1122, RFC 4291)."""
    return ip.startswith("127.") or ip == "::1"
