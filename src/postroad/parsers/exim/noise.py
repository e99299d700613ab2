"""Exim: lines without a message id: connections, the daemon, queue runs, refused clients.

Comes in: the text of such a line. Goes out: `Rejected` where it refuses a message, `NOISE` for the
families below, None for anything else. The words are those of smtp_in.c, daemon.c, queue.c,
tls.c, host.c and acl.c; what the configuration writes on its own account is not among them.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Event, Noise
from postroad.parsers.exim import refusal
from postroad.parsers.exim.fields import Head

#: By first word, since that is looked up at once: what may follow it.
_FAMILIES: dict[str, tuple[str, ...]] = {
    "SMTP": (
        "connection",
        "command timeout on",
        "data timeout (message abandoned) on",
        "protocol synchronization error",
        "protocol error in",
        "protocol violation",
        "syntax error in",
        "call from",
    ),
    "Start": ("queue run:", "'", "ODMR queue run:"),
    "End": ("queue run:", "'", "ODMR queue run:"),
    "no": (
        "MAIL in ",
        "host name found for IP address",
        "IP address found for host",
        "address for ",
    ),
    "unexpected": ("disconnection while reading", "EOF while reading"),
    "TLS": (
        "error on ",
        "client disconnected",
        "session:",
        "cipher ",
        "certificate",
        "recv error",
        "send error",
        "cache",
        "failure",
    ),
    "exim": ("",),
    "refused": ("connection from",),
    "temporarily": ("refused connection from",),
    "Connection": ("from ",),
    "ignoring": ("AUTH=",),
    "lost": ("input connection",),
    "pid": ("",),
    "SIGHUP": ("received: re-exec daemon",),
    "SIGTERM": ("received",),
    "Warning:": ("",),
    "WARNING:": ("",),
    "socket": ("bind() to port",),
    "daemon": ("",),
    "daemon:": ("",),
    "listening": ("",),
    "overlong": ("message header line received from",),
    "ridiculously": ("long message header received from",),
    "spool": ("directory space check failed",),
    "log": ("directory space check failed",),
    "configuration": ("file ", "error"),
    "configured": ("error code starts with incorrect digit",),
    "DKIM:": ("",),
    "DANE": ("error:",),
    "ETRN": ("",),
    "ATRN": ("",),
    "exec": ("of ",),
    "failed": (
        "to expand ",
        "to open ",
        "to create ",
        "to write ",
        "to read ",
        "to get ",
        "to lock",
    ),
    "Failed": ("to expand ", "to open ", "to create ", "to get ", "to find "),
    "cannot": ("",),
    "Cannot": ("",),
    "timed": ("out while reading local message",),
    "setsockopt(SO_KEEPALIVE)": ("on connection",),
    "getpeername()": ("failed",),
    "malware": ("acl condition:",),
    "spam": ("acl condition:",),
    "host": ("name alias list truncated", "lookup for "),
    "rejected": (
        "EHLO or HELO",
        "EHLO ",
        "HELO ",
        "MAIL from ",
        "MAIL command ",
        "XCLIENT ",
        "connection",
        '"',
    ),
    "sender": ("verify ",),
    "accept()": ("failed", "process"),
    "fork": ("of ",),
    "re-exec": ("of exim",),
    "queue": ("run:",),
    "Message": ("-",),
    "tls": ("",),
    "last": ("message repeated ",),
    "VRFY": ("failed for ",),
    "EXPN": ("failed for ",),
    "EHLO/HELO": ("response must not contain newlines",),
    "ACL": ("for ",),
    "Exim": ("configuration error",),
    '"discard"': ("verb not allowed in ",),
    "dropping": ("",),
    "": ("",),
}
_CWD = ("cwd=", "2 args:", "3 args:", "4 args:")
_AUTHENTICATOR = re.compile(
    r"[^ ]+ authenticator (?:failed|cancelled|rejected)|[^ ]+ authenticator \(|[^ ]+ auth "
)
_PEER_TROUBLE = re.compile(
    r"(?:H=[^ ]* )?(?:\([^ ]*\) )?\[[^\] ]*\](?::\d+)? "
    r"(?:SSL verify error|SSL_write|TLS error|DH public|after QUIT|depth=)"
)
_OUTSIDE = ("H=", "U=", "F=", "DS ", "X=", "I=")
_VERDICTS = ("rejected ", "temporarily rejected ", "too many recipients: ", "unqualified ")


def read(head: Head, text: str) -> Event | Noise | None:
    """Read a line that names no message."""
    if text.startswith("Ci="):
        text = text.partition(" ")[2]
    first, _, rest = text.partition(" ")
    followers = _FAMILIES.get(first)
    if followers and rest.startswith(followers):
        return NOISE
    if text.startswith(_OUTSIDE) and (event := refusal.led_by_client(head, f" {text}")):
        return event
    if text.startswith(_VERDICTS):
        return refusal.led_by_verdict(head, text)
    if text.startswith(_CWD) or _AUTHENTICATOR.match(text) or _PEER_TROUBLE.match(text):
        return NOISE
    return None
