"""MTA-STS: a domain's word that mail to it must be encrypted, and to whom it may go (RFC 8461).

The record is asked of the DNS, the policy is fetched over HTTPS from an address that was judged
first; no redirect is followed (section 3.3). Record and policy are read by checkdmarc.
"""

from __future__ import annotations

import ssl
import time

import msgspec
from checkdmarc import mta_sts as reading

from postroad.model.check import Finding, State, Topic
from postroad.model.text import Text, join, say
from postroad.trace.lookup import Answer, Lookup
from postroad.trace.safety import Fence
from postroad.trace.wire import Broken, Wire, system_reason, tls_reason

PORT = 443
PATH = "/.well-known/mta-sts.txt"
#: Octets of a policy; section 3.3 suggests a limit of 64 kB.
_LARGEST = 65536
_CONNECT_SECONDS = 3.0
_DAY = 86400
#: What a policy is shown with where one is to be published.
_EXAMPLE_AGE = 604800


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A domain's policy, and the finding on it."""

    finding: Finding
    #: `enforce`, `testing` or `none`; empty where there is no policy that holds.
    mode: str = ""
    #: Names of hosts that mail may go to, as in `*.example.com`.
    hosts: tuple[str, ...] = ()

    @property
    def is_enforced(self) -> bool:
        """Whether senders must not deliver to other hosts or without a valid certificate."""
        return self.mode == "enforce"

    def allows(self, host: str) -> bool:
        """Whether mail may go to this host."""
        return bool(reading.mx_in_mta_sts_patterns(host.rstrip(".").lower(), list(self.hosts)))


class _Failed(Exception):
    """The policy could not be had."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def look(domain: str, lookup: Lookup, fence: Fence, *, until: float) -> Policy:
    """The policy of a domain, by this moment of `time.monotonic`; never raises."""
    answer = lookup.ask(f"_mta-sts.{domain}", "TXT")
    records = [each for each in answer.texts if each.startswith("v=STSv1")]
    if not records:
        return Policy(finding=_without_record(domain, answer))
    if len(records) > 1:
        title = say("There are several MTA-STS records, so that none counts.")
        advice = say("Keep one TXT record at _mta-sts.{domain}.", domain=domain)
        return Policy(finding=_finding(domain, State.FAULT, title, "\n".join(records), advice))
    record = records[0]
    try:
        reading.parse_mta_sts_record(record)
    except reading.MTASTSError as error:
        title = say("The MTA-STS record cannot be read: {why}", why=str(error))
        advice = say(
            "Publish at _mta-sts.{domain} the TXT record\n{record}",
            domain=domain,
            record=f"v=STSv1; id={_today()};",
        )
        return Policy(finding=_finding(domain, State.FAULT, title, record, advice))
    return _policy(domain, record, lookup, fence, until)


def published(domain: str, hosts: tuple[str, ...]) -> Text:
    """How to publish a policy for these hosts."""
    policy = [
        "version: STSv1",
        "mode: testing",
        *(f"mx: {host}" for host in hosts),
        f"max_age: {_EXAMPLE_AGE}",
    ]
    return say(
        "To have mail to the domain encrypted by all who honour it, publish at _mta-sts.{domain} "
        "the TXT record\n{record}\nand at {address} the file\n{policy}",
        domain=domain,
        record=f"v=STSv1; id={_today()};",
        address=f"https://mta-sts.{domain}{PATH}",
        policy="\n".join(policy),
    )


def _without_record(domain: str, answer: Answer) -> Finding:
    if not answer.is_certain:
        title = say("Whether the domain has an MTA-STS policy could not be found out.")
        return _finding(domain, State.UNKNOWN, title)
    title = say("The domain has no MTA-STS policy. It needs none; encryption is up to the sender.")
    return _finding(domain, State.OK, title)


def _policy(domain: str, record: str, lookup: Lookup, fence: Fence, until: float) -> Policy:
    host = f"mta-sts.{domain}"
    try:
        text = _fetch(host, lookup, fence, until)
    except _Failed as failed:
        title = join(
            [say("The MTA-STS policy could not be fetched from {host}.", host=host), failed.reason]
        )
        advice = say(
            "Serve the policy at {address} with a valid certificate, without redirecting.",
            address=f"https://{host}{PATH}",
        )
        return Policy(finding=_finding(domain, State.FAULT, title, record, advice))
    shown = f"{record}\n\n{text.strip()}"
    try:
        found = reading.parse_mta_sts_policy(text)["policy"]
    except reading.MTASTSError as error:
        title = say("The MTA-STS policy cannot be read: {why}", why=str(error))
        advice = say("Correct the file at {address}.", address=f"https://{host}{PATH}")
        return Policy(finding=_finding(domain, State.FAULT, title, shown, advice))
    mode, hosts = str(found["mode"]), tuple(str(each) for each in found.get("mx") or ())
    return Policy(finding=_held(domain, mode, int(found["max_age"]), shown), mode=mode, hosts=hosts)


def _held(domain: str, mode: str, age: int, shown: str) -> Finding:
    if mode == "none":
        title = say("The MTA-STS policy says that there is none any more.")
        return _finding(domain, State.OK, title, shown)
    if age < _DAY:
        title = say("The MTA-STS policy holds for less than a day, which protects nobody.")
        advice = say("Set max_age to {seconds} or more.", seconds=_EXAMPLE_AGE)
        return _finding(domain, State.WARNING, title, shown, advice)
    if mode == "testing":
        title = say("The MTA-STS policy is being tested: mail is delivered whatever it says.")
        return _finding(domain, State.OK, title, shown)
    title = say("Mail to the domain must be encrypted, and go to the hosts of its policy only.")
    return _finding(domain, State.OK, title, shown)


def _fetch(host: str, lookup: Lookup, fence: Fence, until: float) -> str:
    """The policy's text. Raises `_Failed`."""
    addresses, _, _ = lookup.addresses(host)
    if not addresses:
        raise _Failed(say("{host} has no address.", host=host))
    problem: Text | None = None
    for address in addresses[:4]:
        problem = fence.why_not(address)
        if problem is None:
            return _get(host, address, until)
    raise _Failed(problem or say("{host} has no address.", host=host))


def _get(host: str, address: str, until: float) -> str:
    context = ssl.create_default_context()
    request = f"GET {PATH} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: postroad\r\n\r\n"
    try:
        wire = Wire(address, PORT, until=until, connect_seconds=_CONNECT_SECONDS)
    except OSError as error:
        raise _Failed(
            say("{address} cannot be reached: {why}.", address=address, why=system_reason(error))
        ) from error
    try:
        wire.start_tls(context, host)
        wire.send(request.encode())
        head, body = _answer(wire)
    except ssl.SSLCertVerificationError as error:
        reason = say("Its certificate is not valid: {why}.", why=error.verify_message)
        raise _Failed(reason) from error
    except ssl.SSLError as error:
        raise _Failed(say("TLS failed: {why}.", why=tls_reason(error))) from error
    except Broken as broken:
        raise _Failed(broken.reason) from broken
    finally:
        wire.close()
    status = head.split(b"\r\n", 1)[0].decode("ascii", "backslashreplace")
    if status.split(" ")[1:2] != ["200"]:
        raise _Failed(say("It answers {status}.", status=status[:80]))
    return body.decode("utf-8", "backslashreplace")


def _answer(wire: Wire) -> tuple[bytes, bytes]:
    """Head and body of an HTTP/1.0 answer. Raises `Broken`, `_Failed`."""
    got = bytearray()
    while b"\r\n\r\n" not in got or _wants_more(got):
        try:
            got += wire.receive()
        except Broken:
            # Without a length the end of the connection is the end of the body.
            if b"\r\n\r\n" in got and _length(got) is None and wire.left > 0:
                break
            raise
        if len(got) > _LARGEST:
            raise _Failed(say("The policy is larger than {octets} octets.", octets=_LARGEST))
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    return head, body[: _length(got)]


def _wants_more(got: bytearray) -> bool:
    length = _length(got)
    return length is None or len(got.partition(b"\r\n\r\n")[2]) < length


def _length(got: bytearray) -> int | None:
    head = bytes(got.partition(b"\r\n\r\n")[0])
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return None


def _today() -> str:
    """An id for a policy that is published now, as people write it."""
    return time.strftime("%Y%m%d%H%M", time.gmtime())


def _finding(domain: str, state: State, title: str, record: str = "", advice: str = "") -> Finding:
    return Finding(
        topic=Topic.MTA_STS, state=state, about=domain, title=title, record=record, advice=advice
    )
