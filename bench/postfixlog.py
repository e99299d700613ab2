"""A made-up Postfix server with amavis, and what really became of its mail.

Every method plays one message or session: it puts lines into the book at their times and writes
down the truth about each recipient. The forms are those of Postfix 3.10.
"""

from __future__ import annotations

import base64
import heapq

from bench.book import Book
from bench.world import DAY, Truth, World

_B52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_TLS = (
    "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature RSA-PSS (2048 bits) server-digest SHA256"
)
_LATER = (
    (
        "4.2.0",
        "450 4.2.0 <{to}>: Recipient address rejected: Greylisted (in reply to RCPT TO command)",
    ),
    (
        "4.2.2",
        "452 4.2.2 <{to}> over quota, to=<x@y.example> status=sent (in reply to RCPT TO command)",
    ),
    ("4.7.1", "451 4.7.1 Try again later (in reply to end of DATA command)"),
)
_HOST = "mx1"


class Postfix:
    """One server and its mail."""

    #: Share of the mail from other servers that a content filter looks at.
    FILTERED = 0.4

    def __init__(self, world: World, book: Book, *, long_ids: bool) -> None:
        """Nothing has happened yet."""
        self.world = world
        self.book = book
        self._long_ids = long_ids
        self._ids = 0
        #: Short ids that are free again, by the time they became so.
        self._free: list[tuple[float, str]] = []

    def play(self, at: float) -> None:
        """Let one thing happen at this time."""
        draw = self.world.chance.random()
        if draw < 0.30:
            self._inbound(at)
        elif draw < 0.48:
            self._outbound(at)
        elif draw < 0.54:
            self._program(at)
        elif draw < 0.72:
            self._refused(at)
        elif draw < 0.75:
            self._ended_by_rule(at)
        elif draw < 0.76:
            self._dropped(at)
        elif draw < 0.77:
            self._probe(at)
        else:
            self._idle(at)

    # Queue ids

    def _id(self, at: float, pause: float = 1.5) -> str:
        """A queue id for a message that begins now; a short one may have been free for a while."""
        self._ids += 1
        if self._long_ids:
            micros = int(at * 1_000_000) + self._ids % 7
            return (
                _digits(micros // 1_000_000, 52, 6)
                + _digits(micros % 1_000_000, 52, 4)
                + "z"
                + _digits(100_000 + self._ids * 31 % 60_000_000, 51)
            )
        if self._free and self._free[0][0] < at - pause and self.world.odds(0.3):
            return heapq.heappop(self._free)[1]
        return f"{int(at * 1_000_000) % 1_048_576:05X}{0x1A0000 + self._ids:X}"

    def _release(self, at: float, name: str) -> None:
        if not self._long_ids:
            heapq.heappush(self._free, (at, name))

    def _put(self, at: float, daemon: str, text: str, pid: int = 0) -> None:
        self.book.put(at, f"postfix/{daemon}[{pid or self._pid()}]: {text}")

    def _pid(self) -> int:
        return self.world.chance.randrange(1000, 4_000_000)

    # Messages

    def _inbound(self, at: float) -> None:
        """From another server, through amavis or not, to mailboxes and aliases here."""
        world = self.world
        sender = "" if world.odds(0.04) else world.theirs()
        host, ip = world.peer(sender.partition("@")[2] or "bounces.example")
        pid = self._pid()
        name = self._id(at)
        self._put(at - 0.4, "smtpd", f"connect from {host}[{ip}]", pid)
        self._put(
            at - 0.2,
            "smtpd",
            f"Anonymous TLS connection established from {host}[{ip}]: {_TLS}",
            pid,
        )
        self._put(at, "smtpd", f"{name}: client={host}[{ip}]", pid)
        recipients = world.several(world.ours, world.recipients())
        subject = world.subject()
        origin = (
            f"from {host}[{ip}]; from=<{sender}> to=<{recipients[0]}> proto=ESMTP helo=<{host}>"
        )
        self._headers(at, name, subject, origin)
        size = world.chance.randrange(900, 90000)
        if world.odds(0.01):
            self._held(at, name, sender, subject, recipients, origin)
        elif world.odds(self.FILTERED):
            self._filtered(at, name, sender, subject, recipients, size)
        else:
            self._queue(at + 0.02, name, sender, size, len(recipients))
            self._deliver(at, name, at, name, sender, subject, [(to, to) for to in recipients])
        self._put(
            at + 0.5,
            "smtpd",
            f"disconnect from {host}[{ip}] ehlo=2 starttls=1 mail=1 "
            f"rcpt={len(recipients)} data=1 quit=1 commands={6 + len(recipients)}",
            pid,
        )

    def _outbound(self, at: float) -> None:
        """From a user who logged in."""
        world = self.world
        user = world.ours()
        sender = user if world.odds(0.97) else world.theirs()
        ip, pid, name = world.ip(), self._pid(), self._id(at)
        self._put(at - 0.4, "submission/smtpd", f"connect from unknown[{ip}]", pid)
        self._put(
            at - 0.3,
            "submission/smtpd",
            f"Anonymous TLS connection established from unknown[{ip}]: {_TLS}",
            pid,
        )
        self._put(
            at,
            "submission/smtpd",
            f"{name}: client=unknown[{ip}], sasl_method=PLAIN, sasl_username={user}",
            pid,
        )
        many = world.several(world.theirs, world.recipients())
        if world.odds(0.15):
            many.append(world.ours())
        subject = world.subject()
        self._headers(
            at,
            name,
            subject,
            f"from unknown[{ip}]; from=<{sender}> to=<{many[0]}> proto=ESMTP helo=<[10.0.0.5]>",
        )
        self._queue(at + 0.02, name, sender, world.chance.randrange(900, 90000), len(many))
        self._put(
            at + 0.5,
            "submission/smtpd",
            f"disconnect from unknown[{ip}] ehlo=2 starttls=1 "
            f"auth=1 mail=1 rcpt={len(many)} data=1 quit=1 commands={7 + len(many)}",
            pid,
        )
        self._deliver(at, name, at, name, sender, subject, [(to, to) for to in many])

    def _program(self, at: float) -> None:
        """From a program on this machine; some of it to an alias that is forwarded."""
        world = self.world
        name = self._id(at)
        sender = f"cron@{_HOST}.example.com"
        self._put(at, "pickup", f"{name}: uid=0 from=<cron>")
        subject = world.subject()
        if world.odds(0.3):
            to = world.ours()
            self._headers(at, name, subject, f"from local; from=<{sender}> to=<{to}>")
            self._queue(at + 0.02, name, sender, 800, 1)
            self._forwarded(at, name, sender, subject, to)
            return
        many = world.several(world.theirs, world.recipients())
        self._headers(at, name, subject, f"from local; from=<{sender}> to=<{many[0]}>")
        self._queue(at + 0.02, name, sender, 800, len(many))
        self._deliver(at, name, at, name, sender, subject, [(to, to) for to in many])

    def _headers(self, at: float, name: str, subject: str, origin: str) -> str:
        """What cleanup writes of the header; the Message-ID without brackets comes back."""
        pid = self._pid()
        domain = origin.partition("from=<")[2].partition(">")[0].partition("@")[2] or "b.example"
        message_id = self.world.message_id(domain)
        self._header(at, name, subject, origin, message_id, pid)
        return message_id

    def _header(
        self, at: float, name: str, subject: str, origin: str, message_id: str, pid: int
    ) -> None:
        text = f"info: header Subject: {_encoded(subject)} {origin}"
        self._put(at + 0.005, "cleanup", f"{name}: {text}", pid)
        self._put(at + 0.006, "cleanup", f"{name}: message-id=<{message_id}>", pid)

    def _queue(self, at: float, name: str, sender: str, size: int, count: int) -> None:
        self._put(
            at, "qmgr", f"{name}: from=<{sender}>, size={size}, nrcpt={count} (queue active)", 900
        )

    # What becomes of them

    def _deliver(
        self,
        at: float,
        name: str,
        born: float,
        first: str,
        sender: str,
        subject: str,
        recipients: list[tuple[str, str]],
    ) -> float:
        """Deliver under the id `name` what arrived as `first` at `born`; says when it is done.

        Recipients are pairs: as addressed at first, and as this queue id has them.
        """
        end, is_open = at, False
        failed: list[float] = []
        told: list[tuple[str, str, float, str, int]] = []
        for as_addressed, to in recipients:
            if to.partition("@")[2] in self.world.other:
                fates = [(to, *self._remote(at, name, sender, to, ""))]
            else:
                fates = self._local(at, name, sender, to)
            told += [(as_addressed, *fate) for fate in fates]
        is_expired = name in self.book.expiring
        for as_addressed, final, done, last, attempts in told:
            status = "failed" if is_expired and last == "deferred" else last
            shown = "" if final == as_addressed else final
            self._tell(first, born, as_addressed, shown, status, sender, subject, attempts)
            end = max(end, done)
            is_open = is_open or status == "deferred"
            if status == "failed":
                failed.append(done)
        if is_open:
            if self.world.odds(0.3):
                self._removed(end + 3600, name, first)
            return end
        if failed:
            self._bounce(max(failed), name, sender)
        self._put(end + 0.05, "qmgr", f"{name}: removed", 900)
        self._release(end + 0.05, name)
        return end

    def _local(
        self, at: float, name: str, sender: str, to: str
    ) -> list[tuple[str, float, str, int]]:
        world = self.world
        at += world.chance.uniform(0.1, 1.5)
        draw = world.chance.random()
        if draw < 0.92:
            self._saved(at, name, to, "", 1)
            return [(to, at, "delivered", 1)]
        if draw < 0.94:
            self._attempt(
                at,
                "lmtp",
                name,
                to,
                "",
                "mx1.example.com[private/dovecot-lmtp]",
                1,
                "5.1.1",
                "bounced (host mx1.example.com[private/dovecot-lmtp] said: 550 5.1.1 "
                f"<{to}> User doesn't exist: {to} (in reply to RCPT TO command))",
            )
            return [(to, at, "failed", 1)]
        if draw < 0.95:
            tries = world.retries(ends_well=True)
            for wait in (0.0, *tries[:-1]):
                if wait:
                    self._queue(at + wait - 0.1, name, sender, 4711, 1)
                self._attempt(
                    at + wait,
                    "lmtp",
                    name,
                    to,
                    "",
                    "mx1.example.com[private/dovecot-lmtp]",
                    1 + wait,
                    "4.2.2",
                    "deferred (host mx1.example.com[private/dovecot-lmtp] said: 452 4.2.2 "
                    f"<{to}> Quota exceeded (in reply to end of DATA command))",
                )
            self._saved(at + tries[-1], name, to, "", tries[-1])
            return [(to, at + tries[-1], "delivered", len(tries) + 1)]
        fates: list[tuple[str, float, str, int]] = []
        for final in world.several(world.ours, world.chance.randint(1, 3)):
            if final != to:
                self._saved(at, name, final, to, 1)
                fates.append((final, at, "delivered", 1))
        others = world.several(world.theirs, world.chance.randint(1, 2))
        return fates + [(each, *self._remote(at, name, sender, each, to)) for each in others]

    def _saved(self, at: float, name: str, to: str, original: str, delay: float) -> None:
        self._attempt(
            at,
            "lmtp",
            name,
            to,
            original,
            "mx1.example.com[private/dovecot-lmtp]",
            delay,
            "2.0.0",
            f"sent (250 2.0.0 <{to}> {self.world.token(22)} Saved)",
        )

    def _remote(
        self, at: float, name: str, sender: str, to: str, original: str
    ) -> tuple[float, str, int]:
        """Another server's mailbox: end, status, tries."""
        world = self.world
        draw = world.chance.random()
        start = at
        at += world.chance.uniform(0.5, 6)
        host, ip = world.peer(to.partition("@")[2])
        relay = f"{host}[{ip}]:25"

        def attempt(when: float, dsn: str, text: str, relay: str = relay, by: str = "smtp") -> None:
            if when > at + 1:
                self._queue(when - 0.3, name, sender, 4711, 1)
            pid = self._pid()
            if by == "smtp" and relay != "none" and world.odds(0.8):
                self._put(
                    when - 0.2,
                    "smtp",
                    f"Untrusted TLS connection established to {relay}: {_TLS}",
                    pid,
                )
            self._attempt(when, by, name, to, original, relay, when - start, dsn, text, pid)

        def taken(when: float) -> None:
            attempt(when, "2.0.0", f"sent (250 2.0.0 Ok: queued as {world.token(11)})")

        def later(when: float) -> None:
            if world.odds(0.3):
                attempt(
                    when, "4.4.1", f"deferred (connect to {relay}: Connection timed out)", "none"
                )
                return
            dsn, text = world.chance.choice(_LATER)
            attempt(when, dsn, f"deferred (host {host}[{ip}] said: {text.format(to=to)})")

        if draw < 0.89:
            taken(at)
            return at, "delivered", 1
        if draw < 0.925:
            attempt(
                at,
                "5.1.1",
                f"bounced (host {host}[{ip}] said: 550 5.1.1 <{to}>: Recipient "
                "address rejected: User unknown (in reply to RCPT TO command))",
            )
            return at, "failed", 1
        if draw < 0.93:
            attempt(
                at,
                "5.4.4",
                "bounced (Host or domain name not found. Name service error for "
                f"name={to.partition('@')[2]} type=AAAA: Host not found)",
                "none",
            )
            return at, "failed", 1
        ends_well = draw < 0.985
        tries = world.retries(ends_well=ends_well)
        for wait in (0.0, *(tries[:-1] if ends_well else tries)):
            later(at + wait)
            if world.odds(0.3):
                attempt(
                    at + wait + 400,
                    "4.4.1",
                    "deferred (delivery temporarily suspended: "
                    f"connect to {relay}: Connection timed out)",
                    "none",
                    "error",
                )
        if ends_well:
            taken(at + tries[-1])
            return at + tries[-1], "delivered", len(tries) + 1
        end = at + tries[-1]
        if draw < 0.992 and not original:
            self.book.expiring[name] = end + 401
            return end + 401, "failed", len(tries) + 1
        return end + 400, "deferred", len(tries) + 1

    def _attempt(
        self,
        at: float,
        daemon: str,
        name: str,
        to: str,
        original: str,
        relay: str,
        delay: float,
        dsn: str,
        text: str,
        pid: int = 0,
    ) -> None:
        orig_to = f" orig_to=<{original}>," if original else ""
        self._put(
            at,
            daemon,
            f"{name}: to=<{to}>,{orig_to} relay={relay}, delay={_short(delay)}, "
            f"delays={_short(delay / 2)}/0.01/0.2/0.3, dsn={dsn}, status={text}",
            pid,
        )

    def _filtered(
        self, at: float, name: str, sender: str, subject: str, recipients: list[str], size: int
    ) -> None:
        """Through amavis and back under another queue id."""
        world = self.world
        self._queue(at + 0.02, name, sender, size, len(recipients))
        done = at + world.chance.uniform(0.8, 4)
        if world.odds(0.03):
            for to in recipients:
                self._attempt(
                    done,
                    "smtp",
                    name,
                    to,
                    "",
                    "127.0.0.1[127.0.0.1]:10024",
                    2,
                    "2.7.0",
                    "sent (250 2.7.0 Ok, discarded, id=00042-07 - spam)",
                )
                self._tell(name, at, to, "", "filtered", sender, subject, 1)
        else:
            hop, pid = self._id(done), self._pid()
            self._put(done - 0.2, "smtpd", "connect from localhost[127.0.0.1]", pid)
            self._put(done - 0.1, "smtpd", f"{hop}: client=localhost[127.0.0.1]", pid)
            self._put(
                done - 0.09, "cleanup", f"{hop}: message-id=<{world.message_id('x.example')}>"
            )
            self._queue(done - 0.05, hop, sender, size + 500, len(recipients))
            for to in recipients:
                self._attempt(
                    done,
                    "smtp",
                    name,
                    to,
                    "",
                    "127.0.0.1[127.0.0.1]:10024",
                    2,
                    "2.0.0",
                    "sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
                    f"{hop})",
                )
            self._deliver(done, hop, at, name, sender, subject, [(to, to) for to in recipients])
        self._put(done + 0.05, "qmgr", f"{name}: removed", 900)
        self._release(done + 0.05, name)

    def _forwarded(self, at: float, name: str, sender: str, subject: str, to: str) -> None:
        """A .forward file: local(8) sends the copy on under another queue id."""
        world = self.world
        hop = self._id(at + 0.5)
        self._put(at + 0.4, "cleanup", f"{hop}: message-id=<{world.message_id('x.example')}>")
        self._queue(at + 0.45, hop, sender, 900, 1)
        self._attempt(
            at + 0.5, "local", name, to, "", "local", 0.5, "2.0.0", f"sent (forwarded as {hop})"
        )
        self._put(at + 0.55, "qmgr", f"{name}: removed", 900)
        self._release(at + 0.55, name)
        final = world.theirs()
        done, status, attempts = self._remote(at + 0.5, hop, sender, final, to)
        self._tell(name, at, to, final, status, sender, subject, attempts)
        if status == "failed":
            self._bounce(done, hop, sender)
        if status != "deferred":
            self._put(done + 0.05, "qmgr", f"{hop}: removed", 900)
            self._release(done + 0.05, hop)

    def _bounce(self, at: float, parent: str, sender: str) -> None:
        """Tell the sender, or nobody."""
        expired = self.book.expiring.pop(parent, None)
        if expired is not None:
            self._put(
                at, "qmgr", f"{parent}: from=<{sender}>, status=expired, returned to sender", 900
            )
        if not sender:
            return
        name = self._id(at + 0.01)
        self._put(at + 0.01, "cleanup", f"{name}: message-id=<{name}@{_HOST}.example.com>")
        self._queue(at + 0.02, name, "", 3300, 1)
        self._put(at + 0.03, "bounce", f"{parent}: sender non-delivery notification: {name}")
        if sender.partition("@")[2] in self.world.other:
            host, ip = self.world.peer(sender.partition("@")[2])
            self._attempt(
                at + 1,
                "smtp",
                name,
                sender,
                "",
                f"{host}[{ip}]:25",
                1,
                "2.0.0",
                f"sent (250 2.0.0 Ok: queued as {self.world.token(11)})",
            )
        else:
            self._saved(at + 1, name, sender, "", 1)
        self._put(at + 1.05, "qmgr", f"{name}: removed", 900)
        self._release(at + 1.05, name)
        self._tell(name, at + 0.01, sender, "", "delivered", "", "", 1)

    def _removed(self, at: float, name: str, first: str) -> None:
        """An operator deletes what is still deferred."""
        self._put(at, "postsuper", f"{name}: removed")
        self._put(at + 0.1, "postsuper", "Deleted: 1 message")
        self._release(at, name)
        for number in range(len(self.book.truths) - 1, -1, -1):
            truth = self.book.truths[number]
            if truth.queue_id != first:
                break
            if truth.status == "deferred":
                self.book.truths[number] = truth._replace(status="failed")

    def _held(
        self,
        at: float,
        name: str,
        sender: str,
        subject: str,
        recipients: list[str],
        origin: str,
    ) -> None:
        """Put on hold by a header rule; some of it is released."""
        self._put(at + 0.007, "cleanup", f"{name}: hold: header X-Check: yes {origin}")
        if len(recipients) > 1 or self.world.odds(0.7):
            released = at + self.world.chance.uniform(600, DAY)
            self._put(released, "postsuper", f"{name}: released from hold")
            self._queue(released + 5, name, sender, 4711, len(recipients))
            self._deliver(
                released + 5, name, at, name, sender, subject, [(to, to) for to in recipients]
            )
        else:
            self._tell(name, at, recipients[0], "", "in_progress", sender, subject, 0)

    def _tell(
        self,
        name: str,
        born: float,
        to: str,
        final: str,
        status: str,
        sender: str,
        subject: str,
        attempts: int,
    ) -> None:
        self.book.truths.append(Truth(name, born, to, final, status, sender, subject, attempts))

    # Sessions without a message, or with one that came to nothing

    def _refused(self, at: float) -> None:
        """Refused before there was a queue id."""
        world = self.world
        sender, to, ip, pid = world.theirs(), world.ours(), world.ip(), self._pid()
        who = f"unknown[{ip}]"
        draw = world.chance.random()
        ends = f"from=<{sender}> to=<{to}> proto=ESMTP helo=<x.example>"
        status = "rejected"
        if draw < 0.2:
            self._put(at - 6, "postscreen", f"CONNECT from [{ip}]:4000 to [192.0.2.1]:25", 77)
            self._put(
                at,
                "postscreen",
                f"NOQUEUE: reject: RCPT from [{ip}]:4000: 550 5.7.1 Service "
                f"unavailable; client [{ip}] blocked using bl.test; from=<{sender}>, to=<{to}>, "
                "proto=ESMTP, helo=<x.example>",
                77,
            )
            self._put(at + 0.2, "postscreen", f"DISCONNECT [{ip}]:4000", 77)
        else:
            self._put(at - 0.3, "smtpd", f"connect from {who}", pid)
            if draw < 0.3:
                user = world.ours()
                to, sender, status = world.theirs(), user, "blocked"
                self._put(
                    at,
                    "smtpd",
                    f"NOQUEUE: reject: RCPT from {who}: 554 5.7.1 <{to}>: "
                    f"Recipient address rejected: limit; from=<{user}> to=<{to}> proto=ESMTP "
                    f"helo=<x.example> sasl_method=PLAIN sasl_username={user}",
                    pid,
                )
            elif draw < 0.5:
                self._put(
                    at,
                    "smtpd",
                    f"NOQUEUE: reject: RCPT from {who}: 450 4.2.0 <{to}>: "
                    f"Recipient address rejected: Greylisted; {ends}",
                    pid,
                )
            elif draw < 0.6:
                self._put(
                    at,
                    "smtpd",
                    f"NOQUEUE: milter-reject: RCPT from {who}: 550 5.7.1 No; {ends}",
                    pid,
                )
            else:
                self._put(
                    at,
                    "smtpd",
                    f"NOQUEUE: reject: RCPT from {who}: 550 5.1.1 <{to}>: "
                    "Recipient address rejected: User unknown in virtual mailbox table; "
                    f"{ends}",
                    pid,
                )
            self._put(
                at + 0.4,
                "smtpd",
                f"disconnect from {who} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
                pid,
            )
        self._tell("", at, to, "", status, sender, "", 0)

    def _ended_by_rule(self, at: float) -> None:
        """A queue id that a milter or a header rule ends at once."""
        world = self.world
        sender, to, ip, pid = world.theirs(), world.ours(), world.ip(), self._pid()
        name, subject = self._id(at), world.subject()
        who = f"unknown[{ip}]"
        ends = f"from {who}; from=<{sender}> to=<{to}> proto=ESMTP helo=<x.example>"
        self._put(at - 0.3, "smtpd", f"connect from {who}", pid)
        self._put(at, "smtpd", f"{name}: client={who}", pid)
        self._headers(at, name, subject, ends)
        if world.odds(0.5):
            self._put(
                at + 0.2,
                "cleanup",
                f"{name}: milter-reject: END-OF-MESSAGE from {who}: "
                f"5.7.1 Spam; from=<{sender}> to=<{to}> proto=ESMTP helo=<x.example>",
            )
            self._tell(name, at, to, "", "rejected", sender, subject, 0)
        elif world.odds(0.5):
            self._put(
                at + 0.2, "cleanup", f"{name}: reject: header X-Mailer: Bulk {ends}: 5.7.1 No"
            )
            self._tell(name, at, to, "", "rejected", sender, subject, 0)
        else:
            self._put(at + 0.2, "cleanup", f"{name}: discard: header X-Mailer: Bulk {ends}: gone")
            self._tell(name, at, to, "", "filtered", sender, subject, 0)
        self._put(
            at + 0.5,
            "smtpd",
            f"disconnect from {who} ehlo=1 mail=1 rcpt=1 data=0/1 quit=1 commands=4/5",
            pid,
        )
        self._release(at + 0.5, name)

    def _dropped(self, at: float) -> None:
        """The client hangs up in the middle of the data: no mail."""
        ip, pid, name = self.world.ip(), self._pid(), self._id(at)
        self._put(at - 0.3, "smtpd", f"connect from unknown[{ip}]", pid)
        self._put(at, "smtpd", f"{name}: client=unknown[{ip}]", pid)
        self._put(
            at + 2, "smtpd", f"lost connection after DATA (1290 bytes) from unknown[{ip}]", pid
        )
        self._put(
            at + 2,
            "smtpd",
            f"disconnect from unknown[{ip}] ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4",
            pid,
        )
        self._release(at + 2, name)

    def _probe(self, at: float) -> None:
        """An address is verified: no mail moves."""
        name, to = self._id(at), self.world.theirs()
        host, ip = self.world.peer(to.partition("@")[2])
        self._put(at, "cleanup", f"{name}: message-id=<{name}@{_HOST}.example.com>")
        self._queue(at + 0.02, name, f"double-bounce@{_HOST}.example.com", 260, 1)
        self._attempt(
            at + 1,
            "smtp",
            name,
            to,
            "",
            f"{host}[{ip}]:25",
            1,
            "2.1.5",
            "deliverable (250 2.1.5 Ok)",
        )
        self._put(at + 1.05, "qmgr", f"{name}: removed", 900)
        self._release(at + 1.05, name)

    def _idle(self, at: float) -> None:
        """Strangers knock, daemons count."""
        ip, pid = self.world.ip(), self._pid()
        draw = self.world.chance.random()
        if draw < 0.55:
            self._put(at, "smtpd", f"connect from unknown[{ip}]", pid)
            self._put(
                at + 1,
                "smtpd",
                f"warning: unknown[{ip}]: SASL LOGIN authentication failed: "
                f"UGFzc3dvcmQ6, sasl_username={self.world.ours()}",
                pid,
            )
            self._put(at + 1.1, "smtpd", f"lost connection after AUTH from unknown[{ip}]", pid)
            self._put(
                at + 1.1,
                "smtpd",
                f"disconnect from unknown[{ip}] ehlo=1 auth=0/1 commands=1/2",
                pid,
            )
        elif draw < 0.7:
            self._put(at, "postscreen", f"CONNECT from [{ip}]:4001 to [192.0.2.1]:25", 77)
            self._put(at, "dnsblog", f"addr {ip} listed by domain bl.test as 127.0.0.4")
            self._put(
                at + 1, "postscreen", f"PREGREET 14 after 0.05 from [{ip}]:4001: EHLO x\\r\\n", 77
            )
            self._put(at + 2, "postscreen", f"DISCONNECT [{ip}]:4001", 77)
        elif draw < 0.8:
            self._put(at, "anvil", f"statistics: max connection rate 2/60s for (smtp:{ip})")
        else:
            to = self.world.theirs()
            host, ip = self.world.peer(to.partition("@")[2])
            self._put(at, "smtp", f"connect to {host}[{ip}]:25: Connection timed out")


def _short(seconds: float) -> str:
    """Two digits that matter, as Postfix writes times (format_tv.c)."""
    return f"{seconds:.2g}" if seconds < 99 else str(round(seconds))


def _encoded(subject: str) -> str:
    """As a mail program writes a subject (RFC 2047)."""
    if subject.isascii():
        return subject
    return f"=?utf-8?B?{base64.b64encode(subject.encode()).decode()}?="


def _digits(number: int, base: int, width: int = 1) -> str:
    text = ""
    while number or len(text) < width:
        number, digit = divmod(number, base)
        text = _B52[digit] + text
    return text
