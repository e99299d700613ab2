"""One conversation with a mail server: from the connection to QUIT, and never DATA.

In goes an address that was judged, out comes a `Conversation` with every line and its time. It
ends by its moment, whatever the server does. A server that offers encryption and fails at it is
asked once more without, as servers that deliver mail do (RFC 7435).

Limits: a recipient that is taken may still be refused when the message itself comes; a server
that checks nobody before takes every recipient.
"""

from __future__ import annotations

import errno
import ssl
import time
from contextlib import suppress

import msgspec

from postroad.model.check import (
    Conversation,
    Encryption,
    Finding,
    Outcome,
    State,
    Step,
    Topic,
)
from postroad.model.text import Text, say
from postroad.trace.certificates import Chain, Judgement, judge
from postroad.trace.envelope import Recipient
from postroad.trace.transcript import Reply, Talk, Transcript
from postroad.trace.wire import Broken, Silence, Wire, system_reason, tls_reason

PORT = 25
#: Seconds for the connection itself, and for the words of parting.
_CONNECT_SECONDS, _PARTING_SECONDS = 3.0, 1.0
_UNKNOWN_COMMAND = (500, 502, 504)
_NEVER, _CLOSING = 5, 421


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to speak to, and what about."""

    host: str
    ip: str
    preference: int
    #: How we call ourselves (RFC 5321 section 4.1.1.1); empty for our address.
    helo: str
    sender: str
    recipient: Recipient
    #: The end, in `time.monotonic`.
    until: float


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, and what only judges of certificates need."""

    conversation: Conversation
    chain: Chain | None = None
    judgement: Judgement | None = None
    #: What the system said where no connection came about (`errno`).
    error: int = 0
    #: How the server greeted.
    greeting: str = ""


class _Over(Exception):
    """It is decided: the conversation needs no further step."""

    def __init__(self, outcome: Outcome, verdict: Text, code: int = 0) -> None:
        super().__init__(verdict)
        self.outcome, self.verdict, self.code = outcome, verdict, code


class _NoTls(Exception):
    """Encryption was offered and did not come about."""


def converse(call: Call) -> Spoken:
    """Have the conversation; never raises."""
    transcript = Transcript()
    first = _Speaker(call, transcript)
    try:
        return first.speak(with_tls=True)
    except _NoTls:
        transcript.note(say("Again without encryption, as most servers would."))
        second = _Speaker(call, transcript)
        second.findings = first.findings
        return second.speak(with_tls=False)


class _Speaker:
    """Speaks over one connection."""

    def __init__(self, call: Call, transcript: Transcript) -> None:
        self.findings: list[Finding] = []
        self._call = call
        self._book = transcript
        self._step = Step.CONNECT
        self._encryption: Encryption | None = None
        self._chain: Chain | None = None
        self._judgement: Judgement | None = None
        self._greeting = ""
        self._extensions: dict[str, str] = {}

    def speak(self, *, with_tls: bool) -> Spoken:
        """From connecting to QUIT. Raises `_NoTls` if a second try without is due."""
        call = self._call
        began = time.monotonic()
        self._book.note(say("Connecting to {host} [{ip}].", host=call.host, ip=call.ip))
        try:
            wire = Wire(call.ip, PORT, until=call.until, connect_seconds=_CONNECT_SECONDS)
        except OSError as error:
            return self._unreachable(error, time.monotonic() - began)
        self._book.note(say("Connected from {ip}.", ip=wire.local_address))
        talk = Talk(wire, self._book)
        try:
            return self._spoken(self._converse(talk, with_tls=with_tls))
        finally:
            wire.close()

    def _converse(self, talk: Talk, *, with_tls: bool) -> _Over:
        """Step by step until it is decided."""
        try:
            self._greet(talk)
            self._hello(talk)
            self._encrypt(talk, with_tls=with_tls)
            over = self._envelope(talk)
        except _Over as decided:
            over = decided
        except Silence as silence:
            self._book.note(silence.reason)
            verdict = say(
                "{host} said nothing more after {what} until the time was over.",
                host=self._call.host,
                what=_step_words(self._step),
            )
            return _Over(Outcome.BROKEN, verdict)
        except Broken as broken:
            self._book.note(broken.reason)
            verdict = say(
                "The conversation with {host} broke off after {what}. {reason}",
                host=self._call.host,
                what=_step_words(self._step),
                reason=broken.reason,
            )
            return _Over(Outcome.BROKEN, verdict)
        self._part(talk, over)
        return over

    def _greet(self, talk: Talk) -> None:
        reply = talk.hear()
        self._step = Step.GREETING
        self._greeting = reply.lines[0]
        self._need(reply)

    def _hello(self, talk: Talk) -> None:
        self._step = Step.EHLO
        local = talk.wire.local_address
        name = self._call.helo or (f"[IPv6:{local}]" if ":" in local else f"[{local}]")
        reply = talk.ask(f"EHLO {name}")
        if reply.code in _UNKNOWN_COMMAND:
            self._extensions = {}
            self._need(talk.ask(f"HELO {name}"))
            return
        self._need(reply)
        words = (line.strip().partition(" ") for line in reply.lines[1:])
        self._extensions = {word.upper(): more for word, _, more in words}

    def _encrypt(self, talk: Talk, *, with_tls: bool) -> None:
        host = self._call.host
        if not with_tls:
            return
        if "STARTTLS" not in self._extensions:
            title = say("{host} does not offer encryption.", host=host)
            advice = say("Give {host} a certificate and let it offer STARTTLS.", host=host)
            self._found(State.WARNING, title, advice)
            return
        self._step = Step.STARTTLS
        reply = talk.ask("STARTTLS")
        if not reply.is_good:
            title = say("{host} offers encryption and then refuses it.", host=host)
            advice = say(
                "See why {host} answers {reply} to STARTTLS.", host=host, reply=reply.words
            )
            self._found(State.WARNING, title, advice)
            return
        if talk.wire.has_more:
            # Whatever came before the keys was put there by somebody else (RFC 3207 section 6).
            title = say(
                "Data came after the answer to STARTTLS and before the encryption: somebody on the "
                "way, or a broken server, puts words into it.",
            )
            advice = say("Bring the mail server of {host} up to date.", host=host)
            self._found(State.FAULT, title, advice)
            self._book.note(title)
            raise _Over(Outcome.BROKEN, title)
        self._handshake(talk)
        self._hello(talk)

    def _handshake(self, talk: Talk) -> None:
        host = self._call.host
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The certificate is judged afterwards: a bad one does not keep mail from being sent.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            tls = talk.wire.start_tls(context, host)
        except (ssl.SSLError, Broken, ValueError) as error:
            why = error.reason if isinstance(error, Broken) else tls_reason(error)
            title = say("The encryption did not come about: {why}", why=why)
            advice = say(
                "Let {host} use a certificate and key that fit, and TLS 1.2 or newer.", host=host
            )
            self._found(State.FAULT, title, advice)
            self._book.note(title)
            if talk.wire.left <= 0:
                raise _Over(Outcome.BROKEN, title) from error
            talk.wire.close()
            raise _NoTls from error
        self._chain = Chain.shown(tls)
        self._judgement = judge(self._chain, host, now=time.time_ns() // 1000)
        cipher = tls.cipher()
        self._encryption = Encryption(
            version=tls.version() or "",
            cipher=cipher[0] if cipher else "",
            certificate=self._judgement.certificate,
        )
        words = f"{self._encryption.version} {self._encryption.cipher}"
        self._book.note(say("Encrypted: {how}.", how=words))
        self._book.note(self._judgement.finding.title)
        self._found(State.OK, say("{host} encrypts: {how}.", host=host, how=words))
        self.findings.append(self._judgement.finding)

    def _envelope(self, talk: Talk) -> _Over:
        """Sender and recipient. Raises `_Over` where one is not taken."""
        call = self._call
        extra = ""
        if not call.recipient.is_ascii:
            if "SMTPUTF8" not in self._extensions:
                verdict = say(
                    "{host} does not take addresses with letters other than those of ASCII.",
                    host=call.host,
                )
                raise _Over(Outcome.REFUSED, verdict)
            extra = " SMTPUTF8"
        self._step = Step.MAIL
        self._need(talk.ask(f"MAIL FROM:<{call.sender}>{extra}"))
        self._step = Step.RCPT
        reply = talk.ask(f"RCPT TO:<{call.recipient.path}>")
        self._need(reply)
        with suppress(Broken):
            talk.wire.hurry(2 * _PARTING_SECONDS)
            talk.ask("RSET")
        verdict = say(
            "{host} takes mail for {address}. Nothing was sent; the message itself might still "
            "be refused.",
            host=call.host,
            address=call.recipient.path,
        )
        return _Over(Outcome.ACCEPTED, verdict, reply.code)

    def _need(self, reply: Reply) -> None:
        """Raise `_Over` unless the server did what it was asked to."""
        if reply.is_good:
            return
        facts = {
            "host": self._call.host,
            "what": _step_words(self._step),
            "reply": reply.words,
        }
        if reply.is_later:
            verdict = say("{host} says “later” to {what}: {reply}", **facts)
            raise _Over(Outcome.DEFERRED, verdict, reply.code)
        if reply.code // 100 == _NEVER:
            verdict = say("{host} says “no” to {what}: {reply}", **facts)
            raise _Over(Outcome.REFUSED, verdict, reply.code)
        verdict = say("{host} gives an answer to {what} that nobody understands: {reply}", **facts)
        raise _Over(Outcome.BROKEN, verdict, reply.code)

    def _part(self, talk: Talk, over: _Over) -> None:
        if over.code == _CLOSING:
            return
        talk.wire.hurry(_PARTING_SECONDS)
        with suppress(Broken):
            talk.ask("QUIT")

    def _found(self, state: State, title: Text, advice: str = "") -> None:
        finding = Finding(
            topic=Topic.STARTTLS, state=state, about=self._call.host, title=title, advice=advice
        )
        self.findings.append(finding)

    def _unreachable(self, error: OSError, seconds: float) -> Spoken:
        reason = system_reason(error)
        is_silent = isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT
        if is_silent:
            verdict = say(
                "{host} [{ip}] did not answer on port {port} within {seconds} s.",
                host=self._call.host,
                ip=self._call.ip,
                port=PORT,
                seconds=f"{seconds:.1f}",
            )
        else:
            verdict = say(
                "{host} [{ip}] cannot be reached on port {port}: {reason}.",
                host=self._call.host,
                ip=self._call.ip,
                port=PORT,
                reason=reason,
            )
        self._book.note(verdict)
        # A server that resets the connection at once is there, and hung up.
        is_there = error.errno == errno.ECONNRESET
        over = _Over(Outcome.BROKEN if is_there else Outcome.UNREACHABLE, verdict)
        number = errno.ETIMEDOUT if is_silent else error.errno or errno.EIO
        return msgspec.structs.replace(self._spoken(over), error=number)

    def _spoken(self, over: _Over) -> Spoken:
        conversation = Conversation(
            host=self._call.host,
            ip=self._call.ip,
            preference=self._call.preference,
            outcome=over.outcome,
            verdict=over.verdict,
            step=self._step,
            code=over.code,
            turns=tuple(self._book.turns),
            encryption=self._encryption,
            findings=tuple(self.findings),
        )
        return Spoken(
            conversation=conversation,
            chain=self._chain,
            judgement=self._judgement,
            greeting=self._greeting,
        )


def _step_words(step: Step) -> Text:
    """What was said last, for a sentence: "after {what}", "to {what}"."""
    match step:
        case Step.CONNECT | Step.GREETING:
            return say("the connection")
        case Step.EHLO:
            return say("EHLO")
        case Step.STARTTLS:
            return say("STARTTLS")
        case Step.MAIL:
            return say("the sender (MAIL FROM)")
        case Step.RCPT:
            return say("the recipient (RCPT TO)")
