"""A made-up sendmail server, and what really became of its mail.

Every method plays one message or session: it puts lines into the book at their times and writes
down the truth about each recipient. The forms are those of sendmail 8.17 (deliver.c, headers.c,
savemail.c, parseaddr.c, srvrsmtp.c). An alias is not logged, only where it leads.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from bench.book import Book
from bench.world import DAY, Truth, World

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
_TLS = "version=TLSv1.3, verify=NO, cipher=TLS_AES_256_GCM_SHA384, bits=256/256"
_OURS = "localhost [127.0.0.1]"
#: What other servers say: status code, reply, what sendmail calls it.
_LATER = (
    ("4.2.0", "450 4.2.0 <{to}>: Recipient address rejected: Greylisted"),
    ("4.2.2", "452 4.2.2 <{to}> over quota, stat=Sent (ok)"),
    ("4.7.1", "451 4.7.1 Try again later"),
)
_NEVER = (
    ("5.1.1", "550 5.1.1 <{to}>: Recipient address rejected: User unknown", "User unknown"),
    ("5.7.1", "554 5.7.1 Message refused, stat=Sent", "Service unavailable"),
)
#: After so long a sender is warned, and after so long nothing more is tried.
_WARNED, _GIVEN_UP = 4 * 3600.0, 5 * DAY


class Sendmail:
    """One server and its mail."""

    def __init__(self, world: World, book: Book) -> None:
        """Nothing has happened yet."""
        self.world = world
        self.book = book
        self._ids = 0

    def play(self, at: float) -> None:
        """Let one thing happen at this time."""
        draw = self.world.chance.random()
        if draw < 0.34:
            self._inbound(at)
        elif draw < 0.54:
            self._outbound(at)
        elif draw < 0.62:
            self._program(at)
        elif draw < 0.80:
            self._refused(at)
        elif draw < 0.83:
            self._refused_by_milter(at)
        else:
            self._idle(at)

    def _id(self, at: float) -> str:
        """A queue id: the time in UTC, a sequence, the process."""
        self._ids += 1
        when = datetime.fromtimestamp(int(at), UTC)
        parts = (when.year - 1900, when.month - 1, when.day, when.hour, when.minute, when.second)
        time = "".join(_DIGITS[part % 60] for part in parts)
        sequence = _DIGITS[self._ids // 60 % 60] + _DIGITS[self._ids % 60]
        return f"{time}{sequence}{100_000 + self._ids * 7919 % 800_000}"

    def _put(self, at: float, text: str, pid: int = 0, tag: str = "sm-mta") -> None:
        self.book.put(at, f"{tag}[{pid or self._pid()}]: {text}")

    def _pid(self) -> int:
        return self.world.chance.randrange(1000, 4_000_000)

    # Messages

    def _inbound(self, at: float) -> None:
        """From another server to mailboxes and aliases here."""
        world = self.world
        sender = "" if world.odds(0.04) else world.theirs()
        host, ip = world.peer(sender.partition("@")[2] or "bounces.example")
        pid, name, relay = self._pid(), self._id(at - 0.3), f"{host} [{ip}]"
        recipients = world.several(world.ours, world.recipients())
        self._put(at - 0.5, f"STARTTLS=server, relay={relay}, {_TLS}", pid)
        if world.odds(0.05):
            # One of several was nobody's, and the rest go on.
            stranger = f"nobody{self._ids}@example.com"
            self._put(at - 0.1, f"{name}: <{stranger}>... User unknown", pid)
            # When it is refused the sender is not logged yet; the id tells it later.
            self._tell(name, at - 0.1, stranger, "rejected", sender, 0)
        self._arrive(at, name, sender, len(recipients), f"daemon=MTA-v4, relay={relay}", pid)
        if world.odds(0.3):
            score = world.chance.randrange(-30, 49) / 10
            spam = f"header: X-Spam-Status: No, score={score} required=5.0"
            self._put(at + 0.1, f"{name}: Milter (spamass) add: {spam}", pid)
            self._put(at + 0.1, f"{name}: Milter accept: message", pid)
        if sender and world.odds(0.05):
            recipients = world.several(world.theirs, world.chance.randint(1, 3))
        self._deliver(at, name, name, sender, recipients)

    def _outbound(self, at: float) -> None:
        """From a user who logged in."""
        world = self.world
        user = world.ours()
        sender = user if world.odds(0.97) else world.theirs()
        pid, name = self._pid(), self._id(at - 0.3)
        relay = f"laptop{self._ids % 97}.isp.example [{world.ip()}]"
        many = world.several(world.theirs, world.recipients())
        if world.odds(0.15):
            many.append(world.ours())
        self._put(at - 0.8, f"STARTTLS=server, relay={relay}, {_TLS}", pid)
        self._put(at - 0.5, f"AUTH=server, relay={relay}, authid={user}, mech=PLAIN, bits=0", pid)
        self._arrive(at, name, sender, len(many), f"daemon=MSA, relay={relay}", pid)
        self._deliver(at, name, name, sender, many)

    def _program(self, at: float) -> None:
        """From a program here: through the queue of submission, and then the daemon's."""
        world = self.world
        user = "cron"
        sender = f"{user}@mx1.example.com"
        first, pid = self._id(at), self._pid()
        message_id = world.message_id("mx1.example.com")
        make = world.theirs if world.odds(0.7) else world.ours
        many = world.several(make, world.recipients())
        self._put(
            at,
            f"{first}: from={user}, size=812, class=0, nrcpts={len(many)}, msgid=<{message_id}>, "
            f"relay={user}@localhost",
            pid,
            "sendmail",
        )
        name = self._id(at + 0.2)
        self._arrive(at + 0.2, name, sender, len(many), f"daemon=MTA-v4, relay={_OURS}", 0)
        handed = f"dsn=2.0.0, stat=Sent ({name} Message accepted for delivery)"
        self._put(
            at + 0.3,
            f"{first}: to={','.join(many)}, ctladdr={user} (108/65534), delay=00:00:00, "
            f"xdelay=00:00:00, mailer=relay, pri=30120, relay=[127.0.0.1] [127.0.0.1], {handed}",
            pid,
            "sendmail",
        )
        self._deliver(at + 0.3, name, first, user, many, sender)

    def _arrive(self, at: float, name: str, sender: str, count: int, ends: str, pid: int) -> None:
        self.book.born[name] = at
        message_id = self.world.message_id(sender.partition("@")[2] or "bounces.example")
        self._put(
            at,
            f"{name}: from=<{sender}>, size={self.world.chance.randrange(700, 90000)}, class=0, "
            f"nrcpts={count}, msgid=<{message_id}>, proto=ESMTPS, {ends}",
            pid,
        )

    # What becomes of them

    def _deliver(
        self, at: float, name: str, first: str, sender: str, many: list[str], replies_to: str = ""
    ) -> None:
        """Deliver under the id `name` what first was `first`; a line for all that fare alike."""
        world = self.world
        born = self.book.born.get(first, at - 0.3)
        start = at + world.chance.uniform(0.2, 2)
        groups: dict[str, list[str]] = defaultdict(list)
        for to in many:
            domain = to.partition("@")[2]
            groups[domain if domain in world.other else ""].append(to)
        waiting: list[tuple[list[str], int]] = []
        failed, end = 0.0, start
        for domain, group in groups.items():
            if domain:
                done, status, tries = self._remote(start, at, name, domain, group)
            else:
                done, status, tries = self._local(start, at, name, group)
            end = max(end, done)
            if status == "failed":
                failed = max(failed, done)
            if status == "deferred":
                waiting.append((group, tries))
                continue
            for to in group:
                self._tell(first, born, to, status, sender, tries)
        if failed:
            self._bounce(failed + 0.1, name, replies_to or sender, "DSN: User unknown")
        is_given_up = bool(waiting) and world.odds(0.6)
        if is_given_up:
            words = "sender notify: Cannot send message for 5 days"
            self._bounce(max(at + _GIVEN_UP, end) + 60, name, replies_to or sender, words)
        elif end > at + _WARNED:
            words = "sender notify: Warning: could not send message for past 4 hours"
            self._bounce(end - 0.1, name, replies_to or sender, words)
        for group, tries in waiting:
            for to in group:
                status = "failed" if is_given_up else "deferred"
                self._tell(first, born, to, status, sender, tries)

    def _local(self, at: float, born: float, name: str, group: list[str]) -> tuple[float, str, int]:
        draw = self.world.chance.random()
        if draw < 0.96:
            self._attempt(at, born, name, group, "local", "local", "dsn=2.0.0, stat=Sent")
            return at, "delivered", 1
        if draw < 0.97:
            said = "dsn=5.2.0, stat=Can't create output"
            self._attempt(at, born, name, group, "local", "local", said)
            return at, "failed", 1
        tries = self.world.retries(ends_well=True)
        for wait in (0.0, *tries[:-1]):
            said = (
                "dsn=4.2.2, stat=Deferred: local mailer (/usr/bin/procmail) exited with EX_TEMPFAIL"
            )
            self._attempt(at + wait, born, name, group, "local", "local", said)
        said = "dsn=2.0.0, stat=Sent"
        self._attempt(at + tries[-1], born, name, group, "local", "local", said)
        return at + tries[-1], "delivered", len(tries) + 1

    def _remote(
        self, at: float, born: float, name: str, domain: str, group: list[str]
    ) -> tuple[float, str, int]:
        """Another server's mailboxes: end, status, tries."""
        world = self.world
        host, ip = world.peer(domain)
        relay = f"{host}. [{ip}]"
        draw = world.chance.random()

        def attempt(when: float, said: str, relay: str = relay) -> None:
            self._attempt(when, born, name, group, "esmtp", relay, said)

        def taken(when: float) -> None:
            attempt(when, f"dsn=2.0.0, stat=Sent (Ok: queued as {world.token(11)})")

        def later(when: float) -> None:
            if world.odds(0.3):
                attempt(when, f"dsn=4.4.1, stat=Deferred: Connection timed out with {host}.")
                return
            dsn, reply = world.chance.choice(_LATER)
            reply = reply.format(to=group[0])
            attempt(
                when, f"dsn={dsn}, reply={reply.replace(', stat=', ', ')}, stat=Deferred: {reply}"
            )

        if draw < 0.89:
            taken(at)
            return at, "delivered", 1
        if draw < 0.925:
            dsn, reply, said = world.chance.choice(_NEVER)
            reply = reply.format(to=group[0]).replace(", stat=", ", ")
            attempt(at, f"dsn={dsn}, reply={reply}, stat={said}")
            return at, "failed", 1
        if draw < 0.93:
            attempt(
                at, f"dsn=5.1.2, stat=Host unknown (Name server: {domain}: host not found)", domain
            )
            return at, "failed", 1
        ends_well = draw < 0.985
        tries = world.retries(ends_well=ends_well)
        for wait in (0.0, *(tries[:-1] if ends_well else tries)):
            later(at + wait)
        if ends_well:
            taken(at + tries[-1])
            return at + tries[-1], "delivered", len(tries) + 1
        return at + tries[-1], "deferred", len(tries) + 1

    def _attempt(
        self,
        at: float,
        born: float,
        name: str,
        group: list[str],
        mailer: str,
        relay: str,
        said: str,
    ) -> None:
        pid = self._pid()
        if mailer == "esmtp" and "stat=Sent" in said:
            host = relay.partition(" ")[0]
            self._put(at - 0.2, f"STARTTLS=client, relay={host}, {_TLS}", pid)
        to = ",".join(f"<{each}>" for each in group)
        self._put(
            at,
            f"{name}: to={to}, delay={_lasted(at - born)}, xdelay=00:00:01, mailer={mailer}, "
            f"pri={30000 + int(at - born)}, relay={relay}, {said}",
            pid,
        )

    def _bounce(self, at: float, parent: str, to: str, words: str) -> None:
        """Tell the sender, or the postmaster of what could not be told."""
        if not to:
            to, words = "postmaster@example.com", f"return to sender: {words.rpartition(': ')[2]}"
        name, pid = self._id(at), self._pid()
        self._put(at, f"{parent}: {name}: {words}", pid)
        domain = to.partition("@")[2]
        if domain in self.world.other:
            host, ip = self.world.peer(domain)
            said = "dsn=2.0.0, stat=Sent (250 ok)"
            self._attempt(at + 0.2, at, name, [to], "esmtp", f"{host}. [{ip}]", said)
        else:
            self._attempt(at + 0.2, at, name, [to], "local", "local", "dsn=2.0.0, stat=Sent")
        self._tell(name, at, to, "delivered", "", 1)

    def _tell(
        self, name: str, born: float, to: str, status: str, sender: str, attempts: int
    ) -> None:
        self.book.truths.append(Truth(name, born, to, "", status, sender, "", attempts))

    # Sessions without a message

    def _refused(self, at: float) -> None:
        """Refused at RCPT, or when the client connects."""
        world = self.world
        sender, to, ip, pid = world.theirs(), world.ours(), world.ip(), self._pid()
        name = self._id(at)
        shown = f"IPv6:{ip}" if ":" in ip else ip
        relay = f"x{self._ids % 89}.isp.example [{shown}]"
        ends = f"from=<{sender}>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA-v4"
        draw = world.chance.random()
        if draw < 0.2:
            self._put(
                at,
                f"{name}: ruleset=check_relay, arg1=[{shown}], arg2={shown}, relay={relay}, "
                "reject=550 5.7.1 Rejected: listed at bl.test",
                pid,
            )
            self._tell(name, at, "", "rejected", "", 0)
            return
        if draw < 0.4:
            to = world.theirs()
            self._put(
                at,
                f"{name}: ruleset=check_rcpt, arg1=<{to}>, relay={relay} (may be forged), "
                f"reject=550 5.7.1 <{to}>... Relaying denied. Proper authentication required.",
                pid,
            )
        elif draw < 0.55:
            self._put(at, f"{name}: Milter: to=<{to}>, reject=451 4.7.1 Greylisted, come back", pid)
        else:
            self._put(at, f"{name}: <{to}>... User unknown", pid)
        self._put(at + 0.4, f"{name}: {ends}, relay={relay}", pid)
        self._tell(name, at, to, "rejected", sender, 0)

    def _refused_by_milter(self, at: float) -> None:
        """Refused, or thrown away, when it was read."""
        world = self.world
        sender, to, pid, name = world.theirs(), world.ours(), self._pid(), self._id(at)
        relay = f"bulk.example [{world.ip().rpartition(':')[2]}]"
        relay = relay if "." in relay.partition("[")[2] else "bulk.example [192.0.2.77]"
        self._arrive(at, name, sender, 1, f"daemon=MTA-v4, relay={relay}", pid)
        if world.odds(0.7):
            self._put(at + 0.2, f"{name}: Milter: data, reject=554 5.7.1 Spam, to={to}", pid)
            said, status = f"Spam, to={to}", "rejected"
        else:
            self._put(at + 0.2, f"{name}: Milter: data, discard", pid)
            said, status = "discarded", "filtered"
        self._put(at + 0.3, f"{name}: to=<{to}>, delay=00:00:00, pri=30700, stat={said}", pid)
        self._tell(name, at, to, status, sender, 0)

    def _idle(self, at: float) -> None:
        """Strangers knock, the daemon counts."""
        ip, pid = self.world.ip(), self._pid()
        draw = self.world.chance.random()
        if draw < 0.5:
            did = "did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA-v4"
            self._put(at, f"{self._id(at)}: [{ip}] {did}", pid)
        elif draw < 0.7:
            why = "reason=no shared cipher, SSL_error=1, errno=0, retry=-1"
            self._put(at, f"STARTTLS=server, error: accept failed=-1, {why}, relay=[{ip}]", pid)
        elif draw < 0.8:
            self._put(at, f"gethostbyaddr({ip}) failed: 1", pid)
        elif draw < 0.9:
            self._put(at, "rejecting connections on daemon MTA-v4: load average: 14", pid)
        else:
            who = f"{self._id(at)}: [{ip}]: possible SMTP attack: command=AUTH, count=5"
            self._put(at, who, pid)


def _lasted(seconds: float) -> str:
    """As sendmail writes how long something took (pintvl)."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{f'{days}+' if days else ''}{hour:02d}:{minute:02d}:{second:02d}"
