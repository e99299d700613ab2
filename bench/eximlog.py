"""A made-up Exim server, set up as cPanel does it, and what really became of its mail.

Every method plays one message or session from its first line on: it puts lines into the book at
their times and writes down the truth about each recipient. The forms are those of Exim 4.99.
"""

from __future__ import annotations

from bench.book import Book
from bench.world import Truth, World

_B62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TLS = "X=TLS1.3:TLS_AES_256_GCM_SHA384:256"
_LATER = (
    ("-44", "RCPT TO:<{to}>", "450 4.2.0 <{to}>: Recipient address rejected: Greylisted"),
    ("-44", "RCPT TO:<{to}>", "452 4.2.2 The email account that you tried to reach is over quota"),
    ("-46", "end of data", "451 4.7.1 Try again later => please (status=sent)"),
    ("-45", "MAIL FROM:<{sender}> SIZE=4711", "421 4.7.0 Too many connections from your host"),
)
_NEVER = (
    ("RCPT TO:<{to}>", "550 5.1.1 <{to}>: Recipient address rejected: User unknown"),
    (
        "RCPT TO:<{to}>",
        "550-5.1.1 The account does not exist. Please try\\n550 5.1.1 again => a1b2c3 - smtp",
    ),
    ("end of data", "554 5.7.1 Message refused: content => spam"),
)


class Exim:
    """One server and its mail."""

    def __init__(self, world: World, book: Book, *, old_ids: bool) -> None:
        """Nothing has happened yet. Ids are those of before Exim 4.97 (16 characters), or after."""
        self.world = world
        self.book = book
        self._old_ids = old_ids
        self._ids = 0

    def play(self, at: float) -> None:
        """Let one thing happen at this time."""
        draw = self.world.chance.random()
        if draw < 0.36:
            self._inbound(at)
        elif draw < 0.60:
            self._outbound(at)
        elif draw < 0.67:
            self._script(at)
        elif draw < 0.80:
            self._refused(at)
        elif draw < 0.82:
            self._refused_after_data(at)
        elif draw < 0.83:
            self._dropped(at)
        else:
            self._idle(at)

    def _id(self, at: float) -> str:
        self._ids += 1
        if self._old_ids:
            return f"{_b62(int(at), 6)}-{_b62(self._ids * 7919, 6)}-{_b62(self._ids % 1922, 2)}"
        return f"{_b62(int(at), 6)}-{_b62(self._ids * 7919, 11)}-{_b62(self._ids % 14776336, 4)}"

    # Messages

    def _inbound(self, at: float) -> None:
        """From another server to mailboxes, aliases and forwarders here."""
        world, put = self.world, self.book.put
        sender = "" if world.odds(0.04) else world.theirs()
        domain = sender.partition("@")[2] or "bounces.example"
        host, ip = world.peer(domain)
        port = world.chance.randrange(20000, 60000)
        peer = f"H={host} [{ip}]:{port}"
        put(at - 2, f"SMTP connection from [{ip}]:{port} (TCP/IP connection count = 3)")
        name = self._id(at)
        if world.odds(0.5):
            score = world.chance.randrange(-30, 40) / 10
            put(
                at - 0.5,
                f'{name} {peer} Warning: "SpamAssassin as shop detected message as NOT '
                f'spam ({score})"',
            )
        recipients = world.several(world.ours, world.recipients())
        subject = world.subject()
        self._arrive(at, name, sender, f"{peer} P=esmtps {_TLS} CV=no", subject, recipients)
        put(at + 0.3, f"SMTP connection from {host} [{ip}]:{port} closed by QUIT")
        self._deliver(at, name, sender, subject, recipients)

    def _outbound(self, at: float) -> None:
        """From a user who logged in to other servers, some to people here."""
        world, put = self.world, self.book.put
        user = world.ours()
        domain = user.partition("@")[2]
        sender = user if world.odds(0.97) else world.theirs()
        ip = world.ip()
        put(
            at - 3,
            f"SMTP connection from [{ip}]:{40000 + self._ids % 20000} "
            "(TCP/IP connection count = 1)",
        )
        name = self._id(at)
        many = world.several(world.theirs, world.recipients())
        if world.odds(0.15):
            many.append(world.ours())
        subject = world.subject()
        client = f"H=([10.0.0.5]) [{ip}]:{40000 + self._ids % 20000} P=esmtpsa {_TLS} CV=no"
        self._arrive(at, name, sender, f"{client} A=dovecot_login:{user}", subject, many)
        put(at + 0.1, f"{name} SMTP connection outbound {int(at)} {name} {domain} {many[0]}")
        put(at + 0.1, f"{name} Sender identification U=u{len(domain)} D={domain} S={user}")
        put(
            at + 0.4,
            f"SMTP connection from ([10.0.0.5]) [{ip}]:{40000 + self._ids % 20000} closed by QUIT",
        )
        if world.odds(0.01):
            self._limited(at, name, sender, subject, many)
        else:
            self._deliver(at, name, sender, subject, many)

    def _script(self, at: float) -> None:
        """From a program on this machine."""
        world = self.world
        self.book.put(at - 1, "cwd=/home/shop/public_html 3 args: /usr/sbin/sendmail -t -i")
        name = self._id(at)
        sender = f"shop@{world.chance.choice(world.own)}"
        subject = world.subject()
        many = world.several(world.theirs if world.odds(0.7) else world.ours, world.recipients())
        self._arrive(at, name, sender, "U=shop P=local", subject, many)
        if world.odds(0.3):
            for to in many:
                if to.partition("@")[2] in world.other:
                    self.book.put(
                        at + 0.1,
                        f"{name} == {to} R=dkim_lookuphost T=dkim_remote_smtp "
                        "defer (-1): domain matches queue_smtp_domains, or -odqs set",
                    )
            at += 300
        self._deliver(at, name, sender, subject, many)

    def _arrive(
        self, at: float, name: str, sender: str, how: str, subject: str, recipients: list[str]
    ) -> None:
        self.book.born[name] = at
        size = self.world.chance.randrange(700, 90000)
        domain = sender.partition("@")[2] or "bounces.example"
        ends = f'T="{_escaped(subject)}" for {" ".join(recipients)}'
        mid = self.world.message_id(domain)
        self.book.put(at, f"{name} <= {sender or '<>'} {how} S={size} id={mid} {ends}")

    # What becomes of them

    def _deliver(
        self, at: float, name: str, sender: str, subject: str, recipients: list[str]
    ) -> None:
        """Let each recipient meet its fate; bounce what failed; complete what is settled."""
        if self.world.odds(0.004):
            self._frozen(at, name, sender, subject, recipients)
            return
        end, is_open = at, False
        failed: list[tuple[float, str]] = []
        for to in recipients:
            if to.partition("@")[2] in self.world.other:
                fates = [(to, *self._remote(at, name, sender, to, ""))]
            else:
                fates = self._local(at, name, sender, to)
            for final, done, status, attempts in fates:
                shown = "" if final == to else final
                self._tell(name, to, shown, status, sender, subject, attempts)
                end = max(end, done)
                is_open = is_open or status in ("deferred", "in_progress")
                if status == "failed":
                    failed.append((done, to))
        if is_open and self.world.odds(0.3):
            self._removed(end + 3600, name)
            return
        if failed and sender:
            self._bounce(max(done for done, _ in failed), name, sender)
        if not is_open:
            self.book.put(end + 0.2, f"{name} Completed")

    def _local(
        self, at: float, name: str, sender: str, to: str
    ) -> list[tuple[str, float, str, int]]:
        """A mailbox, an alias, a black hole, an unknown user: final address, end, status, tries."""
        world, put = self.world, self.book.put
        local = to.partition("@")[0]
        draw = world.chance.random()
        at += world.chance.uniform(0.2, 2)
        if draw < 0.90:
            put(at, f"{name} => {_mailbox(to, world)}")
            return [(to, at, "delivered", 1)]
        if draw < 0.92:
            tries = world.retries(ends_well=True)
            for wait in (0.0, *tries[:-1]):
                put(
                    at + wait,
                    f"{name} == {to} R=virtual_user T=dovecot_virtual_delivery defer "
                    "(-22): mailbox is full (quota exceeded)",
                )
            put(at + tries[-1], f"{name} => {_mailbox(to, world)}")
            return [(to, at + tries[-1], "delivered", len(tries) + 1)]
        if draw < 0.93:
            put(at, f"{name} => :blackhole: <{to}> R=virtual_aliases")
            return [(":blackhole:", at, "filtered", 1)]
        if draw < 0.945:
            put(at, f"{name} ** {to} R=virtual_aliases : No Such User Here")
            return [(to, at, "failed", 1)]
        if draw < 0.96:
            pipe = f"{local}+reply |/usr/local/cpanel/bin/autorespond {to} /home/shop/.autorespond"
            put(
                at,
                f"{name} => {pipe} ({to}) <{to}> R=virtual_aliases_nostar T=virtual_address_pipe",
            )
            put(at + 0.1, f"{name} => {_mailbox(to, world)}")
            return [(pipe, at, "delivered", 1), (to, at + 0.1, "delivered", 1)]
        fates = []
        for final in world.several(world.ours, world.chance.randint(1, 3)):
            if final != to:
                put(
                    at,
                    f"{name} => {final.partition('@')[0]} ({final}) <{to}> R=virtual_user "
                    f'T=dovecot_virtual_delivery C="250 2.0.0 <{final}> {world.token(22)} Saved"',
                )
                fates.append((final, at, "delivered", 1))
        others = world.several(world.theirs, world.chance.randint(1, 2))
        return fates + [(each, *self._remote(at, name, sender, each, to)) for each in others]

    def _remote(
        self, at: float, name: str, sender: str, to: str, original: str
    ) -> tuple[float, str, int]:
        """Another server's mailbox: end, status, tries."""
        world, put = self.world, self.book.put
        draw = world.chance.random()
        at += world.chance.uniform(0.5, 6)
        who = f"{to} <{original}>" if original else to
        host, ip = world.peer(to.partition("@")[2])
        way = "R=dkim_lookuphost T=dkim_remote_smtp"
        peer = f"H={host} [{ip}]"

        def taken(when: float) -> None:
            put(
                when,
                f"{name} => {who} {way} {peer} {_TLS} CV=yes "
                f'C="250 2.0.0 Ok: queued as {world.token(11)}"',
            )

        def later(when: float) -> None:
            if world.odds(0.25):
                put(when, f"{name} {peer} Connection timed out")
                put(when, f"{name} == {who} {way} defer (110) {peer}: Connection timed out")
                return
            code, command, reply = world.chance.choice(_LATER)
            text = f"SMTP error from remote mail server after {command}: {reply}"
            put(
                when,
                f"{name} == {who} {way} defer ({code}) {peer}: {text.format(to=to, sender=sender)}",
            )

        if draw < 0.88:
            taken(at)
            return at, "delivered", 1
        if draw < 0.92:
            command, reply = world.chance.choice(_NEVER)
            text = f"SMTP error from remote mail server after {command}: {reply}"
            put(
                at,
                f"{name} ** {who} {way} {peer} {_TLS} CV=yes : {text.format(to=to, sender=sender)}",
            )
            return at, "failed", 1
        if draw < 0.93:
            put(
                at,
                f"{name} ** {who} R=dkim_lookuphost : all relevant MX records point to "
                "non-existent hosts",
            )
            return at, "failed", 1
        ends_well = draw < 0.985
        tries = world.retries(ends_well=ends_well)
        for wait in (0.0, *(tries[:-1] if ends_well else tries)):
            later(at + wait)
            if world.odds(0.6):
                put(
                    at + wait + 400,
                    f"{name} == {who} {way} defer (-54): retry time not reached "
                    f"for any host for '{to.partition('@')[2]}'",
                )
        if ends_well:
            taken(at + tries[-1])
            return at + tries[-1], "delivered", len(tries) + 1
        if draw < 0.992:
            put(at + tries[-1] + 0.1, f"{name} ** {who}: retry timeout exceeded")
            return at + tries[-1] + 0.1, "failed", len(tries) + 1
        return at + tries[-1] + 400, "deferred", len(tries) + 1

    def _bounce(self, at: float, parent: str, to: str) -> None:
        """Tell the sender."""
        name = self._id(at)
        self.book.born[name] = at
        subject = "Mail delivery failed: returning message to sender"
        self.book.put(
            at + 0.1, f'{name} <= <> R={parent} U=mailnull P=local S=3100 T="{subject}" for {to}'
        )
        self.book.born[name] = at + 0.1
        if to.partition("@")[2] in self.world.other and self.world.odds(0.2):
            host, ip = self.world.peer(to.partition("@")[2])
            self.book.put(
                at + 2,
                f"{name} ** {to} R=dkim_lookuphost T=dkim_remote_smtp H={host} "
                f"[{ip}] : SMTP error from remote mail server after RCPT TO:<{to}>: 550 No",
            )
            self.book.put(at + 2, f"{name} Frozen (delivery error message)")
            self._tell(name, to, "", "failed", "", subject, 1)
            return
        if to.partition("@")[2] in self.world.other:
            host, ip = self.world.peer(to.partition("@")[2])
            self.book.put(
                at + 2,
                f'{name} => {to} R=dkim_lookuphost T=dkim_remote_smtp H={host} [{ip}] C="250 ok"',
            )
        else:
            self.book.put(at + 2, f"{name} => {_mailbox(to, self.world)}")
        self.book.put(at + 2, f"{name} Completed")
        self._tell(name, to, "", "delivered", "", subject, 1)

    def _limited(
        self, at: float, name: str, sender: str, subject: str, recipients: list[str]
    ) -> None:
        """Over the hourly limit: our own rule."""
        domain = sender.partition("@")[2]
        for to in recipients:
            self.book.put(
                at + 0.2,
                f"{name} ** {to} R=enforce_mail_permissions : Domain {domain} "
                "has exceeded the max emails per hour (100/100 (100%)) allowed. Message discarded.",
            )
            self._tell(name, to, "", "blocked", sender, subject, 1)
        self._bounce(at + 0.2, name, sender)
        self.book.put(at + 0.3, f"{name} Completed")

    def _frozen(
        self, at: float, name: str, sender: str, subject: str, recipients: list[str]
    ) -> None:
        """Frozen on arrival; some are still there at the end, some were removed by an operator."""
        self.book.put(at + 0.1, f"{name} frozen by ACL")
        is_removed = self.world.odds(0.5)
        if is_removed:
            self.book.put(at + 7200, f"{name} removed by root")
            self.book.put(at + 7200, f"{name} Completed")
        for to in recipients:
            status = "failed" if is_removed else "in_progress"
            self._tell(name, to, "", status, sender, subject, 0)

    def _removed(self, at: float, name: str) -> None:
        """An operator removed what was still deferred."""
        self.book.put(at, f"{name} removed by root")
        self.book.put(at, f"{name} Completed")
        waiting = ("deferred", "in_progress")
        for number in range(len(self.book.truths) - 1, -1, -1):
            truth = self.book.truths[number]
            if truth.queue_id != name:
                break
            if truth.status in waiting:
                self.book.truths[number] = truth._replace(status="failed")

    def _tell(
        self, name: str, to: str, final: str, status: str, sender: str, subject: str, attempts: int
    ) -> None:
        born = self.book.born[name]
        self.book.truths.append(Truth(name, born, to, final, status, sender, subject, attempts))

    # Sessions without a message

    def _refused(self, at: float) -> None:
        """Refused at RCPT, for good or for now, with or without a login."""
        world = self.world
        sender, to, ip = world.theirs(), world.ours(), world.ip()
        port = world.chance.randrange(20000, 60000)
        peer = f"H=(host{port}.example) [{ip}]:{port}"
        self.book.put(at - 1, f"SMTP connection from [{ip}]:{port} (TCP/IP connection count = 2)")
        draw = world.chance.random()
        if draw < 0.1:
            user = world.ours()
            to = world.theirs()
            self.book.put(
                at,
                f"{peer} {_TLS} CV=no F=<{user}> A=dovecot_login:{user} rejected RCPT "
                f'<{to}>: "You have reached your limit"',
            )
            self.book.truths.append(Truth("", at, to, "", "blocked", user, "", 0))
        elif draw < 0.3:
            self.book.put(at, f"{peer} F=<{sender}> temporarily rejected RCPT <{to}>: greylisted")
            self.book.truths.append(Truth("", at, to, "", "rejected", sender, "", 0))
        else:
            if world.odds(0.3):
                self.book.put(
                    at - 0.1, f"{peer} sender verify fail for <{sender}>: Unrouteable address"
                )
            self.book.put(
                at,
                f"{peer} X=TLS1.2:ECDHE-RSA-AES256-GCM-SHA384:256 CV=no F=<{sender}> "
                f"rejected RCPT <{to}>: No Such User Here",
            )
            self.book.truths.append(Truth("", at, to, "", "rejected", sender, "", 0))
        self.book.put(at + 1, f"SMTP connection from (host{port}.example) [{ip}]:{port} lost D=2s")

    def _refused_after_data(self, at: float) -> None:
        """Refused after DATA: the recipients are not logged."""
        world = self.world
        name, sender, ip = self._id(at), world.theirs(), world.ip()
        peer = f"H=(bulk.example) [{ip}]:4444"
        self.book.put(
            at - 0.2,
            f'{name} {peer} Warning: "SpamAssassin as shop detected message as spam (12.3)"',
        )
        self.book.put(at, f'{name} {peer} F=<{sender}> rejected after DATA: "spam detected"')
        self.book.truths.append(Truth(name, at, "", "", "rejected", sender, "", 0))

    def _dropped(self, at: float) -> None:
        """The connection was lost at the last dot: an id, and no message."""
        ip = self.world.ip()
        self.book.put(
            at,
            f"{self._id(at)} SMTP connection lost after final dot "
            f"H=(x.example) [{ip}]:3333 P=esmtp",
        )

    def _idle(self, at: float) -> None:
        """Daemons and strangers talk about nothing."""
        world, put = self.world, self.book.put
        ip = world.ip()
        draw = world.chance.random()
        if draw < 0.3:
            put(at, f"Start queue run: pid={100000 + self._ids % 900000}")
            put(at + 3, f"End queue run: pid={100000 + self._ids % 900000}")
        elif draw < 0.6:
            put(at, f"SMTP connection from [{ip}]:5555 (TCP/IP connection count = 1)")
            put(
                at + 1,
                f"dovecot_login authenticator failed for (User) [{ip}]:5555: 535 Incorrect "
                f"authentication data (set_id={world.ours()})",
            )
            put(at + 2, f"SMTP connection from (User) [{ip}]:5555 closed by DROP in ACL")
        elif draw < 0.8:
            put(at, f"no host name found for IP address {ip}")
            put(at + 1, f'H=[{ip}]:5556 rejected connection in "connect" ACL: listed')
        else:
            put(at, f"no MAIL in SMTP connection from (probe) [{ip}]:5557 D=1s C=EHLO,QUIT")


def _mailbox(to: str, world: World) -> str:
    return (
        f"{to.partition('@')[0]} <{to}> R=virtual_user T=dovecot_virtual_delivery "
        f'C="250 2.0.0 <{to}> {world.token(22)} Saved"'
    )


def _escaped(subject: str) -> str:
    """As Exim writes T= (string_printing): octal for what is not ASCII."""
    text = subject.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in text.encode())


def _b62(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        text = _B62[digit] + text
    return text
