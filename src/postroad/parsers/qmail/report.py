"""Delivery reports: what qmail-remote, qmail-local and the programs that they ran said.

qmail-send logs a report with everything that is not a visible ASCII character, and `%`, as `_`,
and line ends as `/` (qsutil.c, logsafe). Both are turned back, but for

* `_` in what stands in angle brackets with an `@` in it, and in the recipient's own address;
* `/` that ends no line: paths and URLs. A line ends before words of qmail's own and before the
  reply code of a further line.

Limit: any other `_` and `%` of the original, and letters beyond ASCII, come out as spaces.

qmail-remote's own words come first, and then, behind "Remote host said: ", the other server's
(qmail-remote.c, outsmtptext). Addresses of hosts are taken from the first part alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from postroad.model.status import Outcome


class Report(NamedTuple):
    """A report, taken apart."""

    reply: str
    smtp_code: int | None = None
    enhanced_code: str = ""
    remote_ip: str = ""
    next_queue_id: str = ""
    #: qmail-send gave up because the message had been in the queue for too long.
    expired: bool = False


#: How qmail names results (qmail-send.c, del_dochan).
OUTCOMES = {
    "success": Outcome.DELIVERED,
    "deferral": Outcome.DEFERRED,
    "failure": Outcome.FAILED,
}
#: Delivered to no mailbox, forwarded to nobody and run no program: thrown away (dot-qmail(5)).
NOWHERE = "did 0+0+0"


def read(text: str, address: str, *, is_remote: bool) -> Report:
    """Take a report apart as it was logged; `address` is the recipient."""
    reply = _plain(text, address)
    said = reply.find(_SAID) if is_remote else -1
    own = reply if said < 0 else reply[:said]
    found = _HOST.search(own) if is_remote else None
    # The other server may write the same words: qmail-send's own come last.
    expired = reply.endswith(_EXPIRED)
    ip = next(filter(None, found.groups())) if found else ""
    if said >= 0:
        start = said + len(_SAID)
        codes = _CODES.match(reply, start)
        if codes:
            code, enhanced = codes.groups()
            return Report(reply, int(code), enhanced or "", ip, _next_id(reply, start), expired)
    status = _STATUS.search(own)
    return Report(reply, None, status[1] if status else "", ip, "", expired)


def _plain(text: str, address: str) -> str:
    """The report as it was before it was logged."""
    text = text.removesuffix("/")
    if "/" in text:
        text = _CONTINUED.sub("\n", _LINE_END.sub(" ", text))
    if "_" not in text:
        return text
    if "<" not in text and "_" not in address:
        return text.replace("_", " ")
    if "_" in address and address in text:
        return address.join(map(_spaced, text.split(address)))
    return _spaced(text)


def _spaced(text: str) -> str:
    """Put spaces for underscores, but not in addresses."""
    parts = _BRACKETED.split(text)
    parts[::2] = [part.replace("_", " ") for part in parts[::2]]
    return "".join(parts)


def _next_id(reply: str, start: int) -> str:
    """Find the id under which the next server goes on: Postfix, Exim, sendmail."""
    found = _NEXT_ID.search(reply, start)
    return found[found.lastindex or 0] if found else ""


_SAID = "Remote host said: "
_EXPIRED = "I'm not going to try again; this message has been in the queue too long."
#: Line ends between sentences of qmail-remote and qmail-send, and of no other text.
_LINE_END = re.compile(
    r"/(?=Remote_host_said:_|Giving_up_on_|I'm_not_going_to_try_again;|it_isn't_in_my_control"
    r"|qp_\d+$)"
    r"|(?<=[.)])/(?=[A-Z])",
    re.ASCII,
)
#: A further line of an SMTP reply (RFC 5321, section 4.2.1).
_CONTINUED = re.compile(r"/(?=[2-5]\d\d[-_])", re.ASCII)
_BRACKETED = re.compile(r"(<[^<>/]{0,250}@[^<>/]{0,250}>)")
_IP = r"(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f.]{0,15}){2,8})"
#: qmail-remote.c: `IP accepted message`, `IP does not like recipient`, `IP failed on DATA command`,
#: `IP failed after I sent the message`, `Connected to IP but ...`, `Giving up on IP`; patches for
#: TLS: `...; connected to IP`.
_HOST = re.compile(
    rf"(?:^|(?<=[ \n])){_IP} (?:accepted |does not like |failed )"
    rf"|(?:[Cc]onnected to|connecting to|Giving up on) {_IP}(?=[ .,;]|$)",
    re.ASCII,
)
_CODES = re.compile(
    r"([2-5]\d\d)(?:[ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?", re.ASCII | re.MULTILINE
)
#: qmail's own programs put their status code at the end of a sentence: `(#4.4.1)`.
_STATUS = re.compile(r"\(#([245]\.\d{1,3}\.\d{1,3})\)", re.ASCII)
_NEXT_ID = re.compile(
    r"\bid=([0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4}))"
    r"|\bqueued as ([0-9A-Za-z]{5,})"
    r"|\b([0-9A-Za-z]{12,16}) Message accepted for delivery",
    re.ASCII,
)
