"""A made-up OpenSMTPD server, and what really became of its mail.

Every method plays one message or session: it puts lines into the book at their times and writes
down the truth about each recipient. The forms are those of OpenSMTPD 7 (smtp_session.c,
mta_session.c, mda.c, queue.c). What is logged of a message's end is the end of its last recipient.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.book import Book
from bench.world import DAY, Truth, World

_TLS = "ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256"
_LATER = (
    "450 4.2.0 <{to}>: Recipient address rejected: Greylisted",
    '452 4.2.2 <{to}> over quota, result="Ok" stat="250 ok',
    "451 4.7.1 Try again later",
    "421 4.7.0 Too many connections",
)
_NEVER = (
    "550 5.1.1 <{to}>: Recipient address rejected: User unknown",
    "554 5.7.1 Message refused",
)
_GIVEN_UP = 4 * DAY


class OpenSmtpd:
    """One server and its mail."""

    def __init__(self, world: World, book: Book) -> None:
        """Nothing has happened yet."""
        self.world = world
        self.book = book
        self._ids = 0

    def play(self, at: float) -> None:
        """Let one thing happen at this time."""
        draw = self.world.chance.random()
        if draw < 0.36:
            self._inbound(at)
        elif draw < 0.56:
            self._outbound(at)
        elif draw < 0.63:
            self._program(at)
        elif draw < 0.82:
            self._refused(at)
        else:
            self._idle(at)

    def _put(self, at: float, text: str) -> None:
        self.book.put(at, f"smtpd[4471]: {text}")

    def _session(self) -> str:
        return f"{self.world.chance.getrandbits(64):016x}"

    # Messages

    def _inbound(self, at: float) -> None:
        """From another server to mailboxes and aliases here."""
        world = self.world
        sender = "" if world.odds(0.04) else world.theirs()
        host, ip = world.peer(sender.partition("@")[2] or "bounces.example")
        session = self._connects(at - 0.6, ip, host)
        self._put(at - 0.4, f"{session} smtp tls {_TLS}")
        if world.odds(0.05):
            self._no_such_user(at - 0.2, session, world.ours())
        self._message(at, session, sender, world.several(world.ours, world.recipients()))
        self._leaves(at + 0.4, session)

    def _outbound(self, at: float) -> None:
        """From a user who logged in."""
        world = self.world
        user = world.ours()
        sender = user if world.odds(0.97) else world.theirs()
        many = world.several(world.theirs, world.recipients())
        if world.odds(0.15):
            many.append(world.ours())
        session = self._connects(at - 0.8, world.ip(), "<unknown>")
        self._put(at - 0.6, f"{session} smtp tls {_TLS}")
        self._put(at - 0.4, f"{session} smtp authentication user={user} result=ok")
        self._message(at, session, sender, many)
        self._leaves(at + 0.4, session)

    def _program(self, at: float) -> None:
        """From a program on this machine."""
        world = self.world
        make = world.theirs if world.odds(0.7) else world.ours
        session = self._connects(at - 0.1, "local", "mx1.example.com")
        many = world.several(make, world.recipients())
        self._message(at, session, "cron@mx1.example.com", many)
        self._leaves(at + 0.1, session)

    def _message(self, at: float, session: str, sender: str, recipients: list[str]) -> None:
        """Take it in, and let each recipient meet its fate."""
        world = self.world
        self._ids += 1
        name = f"{self._ids * 2_654_435_761 % (1 << 32):08x}"
        size = world.chance.randrange(700, 90000)
        self._put(
            at,
            f"{session} smtp message msgid={name} size={size} nrcpt={len(recipients)} proto=ESMTP",
        )
        envelopes = [f"{name}{world.chance.getrandbits(32):08x}" for _ in recipients]
        for envelope, to in zip(envelopes, recipients, strict=True):
            self._put(
                at + 0.001, f"{session} smtp envelope evpid={envelope} from=<{sender}> to=<{to}>"
            )
        failed = 0.0
        for envelope, to in zip(envelopes, recipients, strict=True):
            if to.partition("@")[2] in world.other:
                fates = [("", *self._remote(at, envelope, sender, to, "-"))]
            else:
                fates = self._local(at, envelope, sender, to)
            for final, done, status, attempts in fates:
                truth = Truth(name, at, to, final, status, sender, "", attempts)
                self.book.truths.append(truth)
                if status == "failed":
                    failed = max(failed, done)
        if failed and sender:
            bounce = self._connects(failed + 0.2, "local", "mx1.example.com")
            self._message(failed + 0.3, bounce, "", [sender])
            self._leaves(failed + 0.4, bounce)

    # What becomes of them

    def _local(
        self, at: float, envelope: str, sender: str, to: str
    ) -> list[tuple[str, float, str, int]]:
        """A mailbox, an alias: final address where it is another, end, status, tries."""
        world = self.world
        draw = world.chance.random()
        start = at
        at += world.chance.uniform(0.1, 1.5)

        def filed(when: float, final: str, said: str, envelope: str = envelope) -> None:
            self._put(
                when,
                f"{self._session()} mda delivery evpid={envelope} from=<{sender}> to=<{final}> "
                f"rcpt=<{to}> user=vmail delay={_lasted(when - start)} {said}",
            )

        if draw < 0.92:
            filed(at, to, "result=Ok stat=Delivered")
            return [("", at, "delivered", 1)]
        if draw < 0.935:
            filed(at, to, 'result=PermFail stat=Error ("550 mailbox full, result=Ok")')
            return [("", at, "failed", 1)]
        if draw < 0.95:
            tries = world.retries(ends_well=True)
            for wait in (0.0, *tries[:-1]):
                why = '"mail.maildir: cannot write message file"'
                filed(at + wait, to, f"result=TempFail stat=Error ({why})")
            filed(at + tries[-1], to, "result=Ok stat=Delivered")
            return [("", at + tries[-1], "delivered", len(tries) + 1)]
        fates: list[tuple[str, float, str, int]] = []
        for final in world.several(world.ours, world.chance.randint(1, 3)):
            if final != to:
                another = f"{envelope[:8]}{world.chance.getrandbits(32):08x}"
                filed(at, final, "result=Ok stat=Delivered", another)
                fates.append((final, at, "delivered", 1))
        for final in world.several(world.theirs, world.chance.randint(1, 2)):
            another = f"{envelope[:8]}{world.chance.getrandbits(32):08x}"
            fates.append((final, *self._remote(at, another, sender, final, to)))
        return fates

    def _remote(
        self, at: float, envelope: str, sender: str, to: str, original: str
    ) -> tuple[float, str, int]:
        """Another server's mailbox: end, status, tries."""
        world = self.world
        draw = world.chance.random()
        start = at
        at += world.chance.uniform(0.5, 6)
        host, ip = world.peer(to.partition("@")[2])

        def attempt(when: float, result: str, said: str) -> None:
            session, relay, source = self._session(), f"{ip} ({host})", "192.0.2.1"
            if said.startswith("Network"):
                session, relay, source = "0" * 16, to.partition("@")[2], "-"
            else:
                self._put(
                    when - 0.3, f"{session} mta connecting address=smtp://{ip}:25 host={host}"
                )
                self._put(when - 0.2, f"{session} mta connected")
                if world.odds(0.8):
                    self._put(when - 0.1, f"{session} mta tls {_TLS}")
                self._put(when + 10, f"{session} mta disconnected reason=quit messages=1")
            self._put(
                when,
                f"{session} mta delivery evpid={envelope} from=<{sender}> to=<{to}> "
                f'rcpt=<{original}> source="{source}" relay="{relay}" '
                f'delay={_lasted(when - start)} result="{result}" stat="{said}"',
            )

        return self._outcome(at, envelope, sender, to, original, draw, attempt)

    def _outcome(
        self,
        at: float,
        envelope: str,
        sender: str,
        to: str,
        original: str,
        draw: float,
        attempt: Callable[[float, str, str], None],
    ) -> tuple[float, str, int]:
        world = self.world
        good = f"250 2.0.0 Ok: queued as {world.token(11)}"
        if draw < 0.89:
            attempt(at, "Ok", good)
            return at, "delivered", 1
        if draw < 0.925:
            attempt(at, "PermFail", world.chance.choice(_NEVER).format(to=to))
            return at, "failed", 1
        if draw < 0.93:
            # No session is needed to find that out.
            attempt(at, "PermFail", "Network error: Domain does not exist")
            return at, "failed", 1
        ends_well = draw < 0.985
        tries = world.retries(ends_well=ends_well)
        for wait in (0.0, *(tries[:-1] if ends_well else tries)):
            if world.odds(0.3):
                attempt(at + wait, "TempFail", "Network error on destination MXs")
            else:
                attempt(at + wait, "TempFail", world.chance.choice(_LATER).format(to=to))
        end = at + tries[-1]
        if ends_well:
            attempt(end, "Ok", good)
            return end, "delivered", len(tries) + 1
        if draw < 0.995:
            end = max(at + _GIVEN_UP, end + 600)
            word, why = ("Expire", "Envelope expired")
            if draw > 0.991:
                word, why = ("Remove", "Removed by administrator")
            self._put(
                end,
                f"relay: {word} for {envelope}: from=<{sender}>, to=<{to}>, rcpt=<{original}>, "
                f"delay={_lasted(end - at)}, stat={why}",
            )
            return end, "failed", len(tries) + 1
        return end, "deferred", len(tries) + 1

    # Sessions

    def _connects(self, at: float, ip: str, host: str) -> str:
        session = self._session()
        shown = f"[{ip}]" if ":" in ip else ip
        self._put(at, f"{session} smtp connected address={shown} host={host}")
        return session

    def _leaves(self, at: float, session: str) -> None:
        self._put(at, f"{session} smtp disconnected reason=quit")

    def _no_such_user(self, at: float, session: str, to: str) -> None:
        said = f"550 Invalid recipient: <{to}>"
        self._put(at, f'{session} smtp failed-command command="RCPT TO:<{to}>" result="{said}"')
        # The sender of a recipient that is refused is not logged.
        self.book.truths.append(Truth("", at, to, "", "rejected", "", "", 0))

    def _refused(self, at: float) -> None:
        """Refused at RCPT or MAIL: no queue id."""
        world = self.world
        session = self._connects(at - 0.4, world.ip(), "<unknown>")
        draw = world.chance.random()
        if draw < 0.7:
            self._no_such_user(at, session, world.ours())
        elif draw < 0.9:
            self._no_such_user(at, session, world.theirs())
        else:
            sender = world.theirs()
            said = "421 4.3.0 Temporary Error"
            command = f"MAIL FROM:<{sender}>"
            self._put(at, f'{session} smtp failed-command command="{command}" result="{said}"')
            self.book.truths.append(Truth("", at, "", "", "rejected", sender, "", 0))
        self._leaves(at + 0.3, session)

    def _idle(self, at: float) -> None:
        """Strangers knock, routes are tried."""
        world = self.world
        draw = world.chance.random()
        if draw < 0.6:
            session = self._connects(at, world.ip(), "<unknown>")
            if draw < 0.4:
                self._put(at + 0.5, f"{session} smtp authentication user=admin result=permfail")
                said = 'command="AUTH LOGIN (...)" result="535 Authentication failed"'
                self._put(at + 0.5, f"{session} smtp failed-command {said}")
            self._put(at + 1, f"{session} smtp disconnected reason=timeout")
        elif draw < 0.8:
            _, ip = world.peer(world.chance.choice(world.other))
            route = f"192.0.2.1 <-> {ip} ({ip})"
            self._put(at, f"smtp-out: Disabling route {route} for 15s")
            self._put(at + 15, f"smtp-out: Enabling route {route}")
        else:
            session = self._connects(at, world.ip(), "<unknown>")
            said = "500 5.5.1 Invalid command: Pipelining not supported"
            self._put(at + 0.2, f'{session} smtp bad-input result="{said}"')
            self._leaves(at + 0.3, session)


def _lasted(seconds: float) -> str:
    """As OpenSMTPD writes how long something took (to.c, duration_to_text)."""
    left = int(seconds)
    text = ""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
