"""A letter as an e-mail: headers, text and attachments as the wire has them (RFC 5322, MIME)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy

import idna
import msgspec

from postroad.model import safe
from postroad.model.notice import Notice
from postroad.model.when import SECOND
from postroad.state.outbox import Letter

#: Characters of a subject.
_LONGEST_SUBJECT = 200
#: What may stand right of the @ of a Message-ID (RFC 5322 section 3.6.4, narrower).
_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
#: Fields whose value must not be folded or encoded: the library takes a long address for words.
_VERBATIM = frozenset({"list-unsubscribe"})
#: What calls itself the sender.
_NAME_SHOWN = "postroad"


#: Asked in the last moment in which a message can be called back; False calls it back.
Commit = Callable[[], bool]


class Unwritable(Exception):
    """This letter cannot be written as mail to its address."""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A message that can be handed over."""

    #: Envelope addresses.
    sender: str
    recipient: str
    #: Without brackets.
    message_id: str
    #: Lines ended by CRLF, the last one too; dots are not doubled.
    content: bytes
    #: Whether it may only go to servers that take UTF-8 in addresses (RFC 6531).
    needs_utf8: bool


class _Policy(EmailPolicy):
    """SMTP's, which leaves addresses of pages as they are."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _VERBATIM:
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _VERBATIM:
            return self.fold(name, value).encode("ascii")
        return bytes(super().fold_binary(name, value))


#: 7bit: a server that takes eight bits need not be looked for.
_POLICY = _Policy(linesep="\r\n", cte_type="7bit")


def event_id(key: str, letter: Letter) -> str:
    """The public name of what a letter tells: the same for every try and every repetition.

    `key` is this installation's own: no other one gives the same names.
    """
    made = hmac.new(key.encode(), letter.event.encode("utf-8", "replace"), hashlib.sha256)
    return made.hexdigest()[:32]


def message_id(key: str, letter: Letter, sender: str) -> str:
    """The Message-ID of a letter, the same at every try; without brackets."""
    behind = letter.key.removeprefix(letter.event).replace(" again ", ".", 1)
    host = sender.rpartition("@")[2]
    host = host if _NAME.fullmatch(host) else "localhost"
    return f"{event_id(key, letter)}{behind if letter.key != letter.event else ''}@{host}"


def write(
    letter: Letter, notice: Notice, *, sender: str, key: str, unsubscribe: str, at: int
) -> Ready:
    """The message of a letter, dated at this time (microseconds UTC).

    `unsubscribe` is the address at which the subscription is ended without signing in (RFC 8058);
    empty where there is none. Raises `Unwritable`.
    """
    name = message_id(key, letter, sender)
    try:
        recipient = _ascii_domain(letter.target)
        needs_utf8 = not (recipient.isascii() and sender.isascii())
        message = EmailMessage(policy=_POLICY.clone(utf8=needs_utf8))
        message["From"] = Address(_NAME_SHOWN, addr_spec=sender)
        message["To"] = _address(recipient)
        message["Subject"] = safe.line(_clean(notice.subject))[:_LONGEST_SUBJECT]
        message["Date"] = datetime.fromtimestamp(at // SECOND, UTC)
        message["Message-ID"] = f"<{name}>"
        # RFC 3834 section 5: whatever answers by itself does not answer this.
        message["Auto-Submitted"] = "auto-generated"
        if unsubscribe and unsubscribe.isascii() and unsubscribe.isprintable():
            message["List-Unsubscribe"] = f"<{unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(_text(notice.text))
        for each in notice.attachments:
            kind, _, subtype = each.type.partition("/")
            message.add_attachment(
                each.content, maintype=kind, subtype=subtype, filename=safe.line(each.name)
            )
        content = message.as_bytes()
    except (MessageError, ValueError, LookupError, TypeError) as error:
        raise Unwritable(str(error)) from error
    return Ready(
        sender=sender,
        recipient=recipient,
        message_id=name,
        content=re.sub(rb"\r\n|\r|\n", b"\r\n", content.rstrip(b"\r\n") + b"\n"),
        needs_utf8=needs_utf8,
    )


def _ascii_domain(address: str) -> str:
    """The address with its domain as DNS has it (RFC 5891): any server takes that."""
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        message = f"{address!r} is not an address"
        raise Unwritable(message)
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"


def _address(text: str) -> Address:
    """An address for a header. The library reads ASCII only, but writes what it is given."""
    if text.isascii():
        return Address(addr_spec=text)
    local, _, domain = text.rpartition("@")
    return Address(username=local, domain=domain)


def _text(text: str) -> str:
    """The text with everything visible that is not to be seen; line ends and tabs stay."""
    lines = _clean(text).replace("\r\n", "\n").split("\n")
    shown = ("\t".join(map(safe.line, line.split("\t"))) for line in lines)
    return "\n".join(shown).rstrip("\n") + "\n"


def _clean(text: str) -> str:
    """The text as UTF-8 can hold it."""
    return str(text).encode("utf-8", "replace").decode()
