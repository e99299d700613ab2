"""A made-up mail host whose log Postfix, Dovecot and a content filter share.

Postfix hands mail for mailboxes here to Dovecot over LMTP; there a Sieve script of everybody's puts
spam into Junk, and some people have rules of their own. Mail from outside is judged by spamd in one
week and by rspamd in the next. The forms are those of Dovecot 2.3 with Pigeonhole, SpamAssassin
4.0 and rspamd 3.4.
"""

from __future__ import annotations

from bench.book import Book
from bench.postfixlog import Postfix
from bench.world import DAY, World

_RELAY = "mx1.example.com[private/dovecot-lmtp]"
_FULL = "Quota exceeded (mailbox for user is full)"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FOLDERS = ("Lists", "Lists/announce", "Work", "Archive/2025", "Orders & bills")
_HAM = "DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,HTML_MESSAGE,RCVD_IN_DNSWL_NONE,SPF_PASS"
_SPAM = "BAYES_99,BAYES_999,HTML_IMAGE_RATIO_02,HTML_MESSAGE,RDNS_NONE,URIBL_BLACK"
_GOOD = (
    "DMARC_POLICY_ALLOW(-0.50){sender.example;none;},R_SPF_ALLOW(-0.20){+ip4:192.0.2.0/24;},"
    "R_DKIM_ALLOW(-0.20){sender.example:s=s1;},MIME_GOOD(-0.10){multipart/alternative;"
    "text/plain;},RCVD_COUNT_TWO(0.00){2;},ASN(0.00){asn:64496, ipnet:192.0.2.0/24, country:ZZ;},"
    "TO_DN_NONE(0.00){},ARC_NA(0.00){},MID_RHS_MATCH_FROM(0.00){}"
)
_BAD = (
    "BAYES_SPAM(5.10){99.99%;},R_SPF_SOFTFAIL(2.50){~all;},DMARC_POLICY_SOFTFAIL(1.50){"
    "sender.example : No valid SPF, No valid DKIM;none;},MIME_HTML_ONLY(0.20){},"
    "SUBJ_ALL_CAPS(1.50){5;},R_DKIM_NA(0.00){},RCVD_COUNT_ONE(0.00){1;}"
)


class PostfixDovecot(Postfix):
    """One host and its mail."""

    FILTERED = 1.0

    def __init__(self, world: World, book: Book) -> None:
        """Nothing has happened yet."""
        super().__init__(world, book, long_ids=True)
        #: Of each message: its Message-ID and its subject.
        self._names: dict[str, tuple[str, str]] = {}
        self._spam: set[str] = set()
        #: By queue id, recipient and mailbox: what became of the copy there, and its folder.
        self._landed: dict[tuple[str, str, str], tuple[str, str]] = {}
        #: Of each message, the last session in which it was handed over, its process and time, and
        #: for how many recipients.
        self._sessions: dict[str, tuple[str, int, float, int]] = {}

    def play(self, at: float) -> None:
        """Let one thing happen at this time."""
        if self.world.odds(0.22):
            self._reads(at)
        else:
            super().play(at)

    def _headers(self, at: float, name: str, subject: str, origin: str) -> str:
        message_id = super()._headers(at, name, subject, origin)
        self._names[name] = message_id, subject
        return message_id

    # The content filter, before Postfix takes the message

    def _filtered(
        self, at: float, name: str, sender: str, subject: str, recipients: list[str], size: int
    ) -> None:
        world = self.world
        is_spam = world.odds(0.12)
        # What is refused names one recipient, however many there are.
        is_refused = is_spam and len(recipients) == 1 and world.odds(0.25)
        host, ip = world.peer(sender.partition("@")[2] or "bounces.example")
        if int(at // (7 * DAY)) % 2:
            self._by_rspamd(at, name, sender, (ip, size), recipients, is_spam + is_refused)
        else:
            self._by_spamd(at, name, size, is_spam=is_spam)
        if is_refused:
            self._put(
                at + 0.4,
                "cleanup",
                f"{name}: milter-reject: END-OF-MESSAGE from {host}[{ip}]: 5.7.1 Spam message "
                f"rejected; from=<{sender}> to=<{recipients[0]}> proto=ESMTP helo=<{host}>",
            )
            self._tell(name, at, recipients[0], "", "rejected", sender, subject, 0)
            return
        if is_spam:
            self._spam.add(name)
        self._queue(at + 0.42, name, sender, size, len(recipients))
        self._deliver(at + 0.42, name, at, name, sender, subject, [(to, to) for to in recipients])

    def _by_spamd(self, at: float, name: str, size: int, *, is_spam: bool) -> None:
        message_id, _ = self._names[name]
        chance = self.world.chance
        pid, port = self._pid(), chance.randrange(30000, 60000)
        score = chance.randrange(55, 250) / 10 if is_spam else chance.randrange(-50, 40) / 10
        told = "identified spam" if is_spam else "clean message"
        took = chance.randrange(3, 30) / 100

        def put(after: float, text: str) -> None:
            self.book.put(at + after, f"spamd[{pid}]: spamd: {text}")

        put(0.02, f"connection from localhost [::1]:{port} to port 783, fd 5")
        put(0.03, f"processing message <{message_id}> for vmail:5000")
        put(0.31, f"{told} ({score}/5.0) for vmail:5000 in {took:.1f} seconds, {size} bytes.")
        put(
            0.311,
            f"result: {'Y' if is_spam else '.'} {int(score):2d} - {_SPAM if is_spam else _HAM} "
            f"scantime={took:.1f},size={size},user=vmail,uid=5000,required_score=5.0,rhost=::1,"
            f"raddr=::1,rport={port},mid=<{message_id}>,autolearn={'spam' if is_spam else 'ham'} "
            "autolearn_force=no",
        )
        self.book.put(at + 0.312, "spamd[611]: prefork: child states: II")

    def _by_rspamd(
        self,
        at: float,
        name: str,
        sender: str,
        offered: tuple[str, int],
        recipients: list[str],
        badness: int,
    ) -> None:
        message_id, _ = self._names[name]
        world = self.world
        tag, (ip, size) = world.token(6).lower(), offered
        score = (-0.8, 9.3, 17.5)[badness] + world.chance.randrange(0, 99) / 100
        said = ("F (no action)", "F (add header)", "T (reject)")[badness]
        to = ",".join(recipients)

        def put(after: float, text: str) -> None:
            self.book.put(at + after, f"rspamd[803]: <{tag}>; {text}")

        port = world.chance.randrange(30000, 60000)
        put(0.01, f"proxy; proxy_accept_socket: accepted milter connection from ::1 port {port}")
        put(
            0.03,
            f"proxy; rspamd_message_parse: loaded message; id: <{message_id}>; queue-id: <{name}>; "
            f"size: {size}; checksum: <{tag * 5}>",
        )
        put(
            0.31,
            f"proxy; rspamd_task_write_log: id: <{message_id}>, qid: <{name}>, ip: {ip}, "
            f"from: <{sender}>, (default: {said}: [{score:.2f}/15.00] "
            f"[{_BAD if badness else _GOOD}]), len: {size}, time: 210.1ms, dns req: 20, "
            f"digest: <{tag * 5}>, rcpts: <{to}>, mime_rcpts: <{to}>",
        )
        put(0.32, "proxy; rspamd_protocol_http_reply: regexp statistics: 0 pcre regexps scanned")

    # Mailboxes

    def _local(
        self, at: float, name: str, sender: str, to: str
    ) -> list[tuple[str, float, str, int]]:
        world = self.world
        at += world.chance.uniform(0.1, 1.5)
        draw = world.chance.random()
        if draw < 0.90:
            self._files(at, name, sender, to)
            return [(to, at, "delivered", 1)]
        if draw < 0.92:
            self._refuses(at, name, to, "5.1.1", f"550 5.1.1 <{to}> User doesn't exist: {to}")
            return [(to, at, "failed", 1)]
        if draw < 0.93:
            self._is_full(at, name, to)
            self._refuses(at, name, to, "5.2.2", f"552 5.2.2 <{to}> {_FULL}")
            return [(to, at, "failed", 1)]
        if draw < 0.95:
            tries = world.retries(ends_well=True)
            for wait in (0.0, *tries[:-1]):
                if wait:
                    self._queue(at + wait - 0.1, name, sender, 4711, 1)
                self._is_full(at + wait, name, to)
                self._refuses(at + wait, name, to, "4.2.2", f"452 4.2.2 <{to}> {_FULL}")
            self._files(at + tries[-1], name, sender, to)
            return [(to, at + tries[-1], "delivered", len(tries) + 1)]
        fates: list[tuple[str, float, str, int]] = []
        for final in world.several(world.ours, world.chance.randint(1, 3)):
            if final != to:
                self._files(at, name, sender, final, to)
                fates.append((final, at, "delivered", 1))
        others = world.several(world.theirs, world.chance.randint(1, 2))
        return fates + [(each, *self._remote(at, name, sender, each, to)) for each in others]

    def _files(self, at: float, name: str, sender: str, to: str, original: str = "") -> None:
        """Dovecot takes the copy, and everybody's script or the user's own decides."""
        world = self.world
        draw = world.chance.random()
        if name in self._spam:
            words = "fileinto action: stored mail into mailbox 'Junk'"
            self._lands(at, name, to, original, words, "filtered", "Junk")
        elif draw < 0.70:
            self._saved(at, name, to, original, 1)
        elif draw < 0.80:
            self._lands(at, name, to, original, "stored mail into mailbox 'INBOX'", mailbox="INBOX")
        elif draw < 0.93 or not sender:
            folder = world.chance.choice(_FOLDERS)
            words = f"fileinto action: stored mail into mailbox '{folder}'"
            self._lands(at, name, to, original, words, mailbox=folder)
        elif draw < 0.95:
            words = (
                "discard action: Marked message to be discarded if not explicitly delivered "
                "(discard action)"
            )
            self._lands(at, name, to, original, words, "filtered")
        elif draw < 0.97:
            target = world.theirs()
            words = f"redirect action: forwarded to <{target}>"
            self._lands(at, name, to, original, words)
            self._sends(at + 0.05, sender, target, *self._names[name])
        elif draw < 0.98:
            words = f"reject action: rejected message from <{sender}> (reject)"
            self._lands(at, name, to, original, words, "failed")
            self._sends(at + 0.05, "", sender, "", "Automatically rejected mail")
        else:
            answer = f"vacation action: sent vacation response to <{sender}>"
            self._says(at - 0.03, name, to, f"sieve: {{}}: {answer}")
            words = "stored mail into mailbox 'INBOX'"
            self._lands(at, name, to, original, words, mailbox="INBOX")
            self._sends(at + 0.05, "", sender, "", f"Auto: {self._names[name][1]}")

    def _saved(self, at: float, name: str, to: str, original: str, delay: float) -> None:
        """Into the inbox, by no rule."""
        self._says(at - 0.02, name, to, "{}: saved mail to INBOX")
        self._taken(at, name, to, original, delay)
        self._landed[name, original or to, to] = "delivered", "INBOX"

    def _lands(
        self,
        at: float,
        name: str,
        to: str,
        original: str,
        words: str,
        status: str = "delivered",
        mailbox: str = "",
    ) -> None:
        self._says(at - 0.02, name, to, f"sieve: {{}}: {words}")
        self._taken(at, name, to, original, 1)
        self._landed[name, original or to, to] = status, mailbox

    def _taken(self, at: float, name: str, to: str, original: str, delay: float) -> None:
        session, _ = self._session(at, name)
        said = f"sent (250 2.0.0 <{to}> {session} Saved)"
        self._attempt(at, "lmtp", name, to, original, _RELAY, delay, "2.0.0", said)
        # The next copy is the next recipient of the session.
        first, pid, since, count = self._sessions[name]
        self._sessions[name] = first, pid, since, count + 1

    def _is_full(self, at: float, name: str, to: str) -> None:
        self._says(at - 0.02, name, to, f"{{}}: save failed to INBOX: {_FULL}")

    def _refuses(self, at: float, name: str, to: str, dsn: str, reply: str) -> None:
        word, command = (
            ("deferred" if dsn[0] == "4" else "bounced"),
            "RCPT TO" if dsn == "5.1.1" else "end of DATA",
        )
        said = f"{word} (host {_RELAY} said: {reply} (in reply to {command} command))"
        self._attempt(at, "lmtp", name, to, "", _RELAY, 1, dsn, said)
        self._sessions.pop(name, None)

    def _says(self, at: float, name: str, to: str, words: str) -> None:
        """What Dovecot's process for one recipient says; `{}` stands for the message."""
        session, pid = self._session(at, name)
        # A bounce has no other name.
        message_id = self._names.get(name, (f"{name}@mx1.example.com", ""))[0]
        text = words.replace("{}", f"msgid=<{message_id}>", 1)
        self.book.put(at, f"dovecot: lmtp({to})<{pid}><{session}>: {text}")

    def _session(self, at: float, name: str) -> tuple[str, int]:
        """The session in which a message is handed over now, and the process it is with."""
        known = self._sessions.get(name)
        if known is None or abs(at - known[2]) > 2:
            pid = self._pid()
            known = "".join(self.world.chance.choices(_BASE64, k=22)), pid, at, 1
            self._sessions[name] = known
            self.book.put(at - 0.01, f"dovecot: lmtp({pid}): Connect from local")
            left = "Disconnect from local: Logged out (state=READY)"
            self.book.put(at + 2.1, f"dovecot: lmtp({pid}): {left}")
        session, pid, _, count = known
        return (f"{session}:R{count}" if count > 1 else session), pid

    def _sends(self, at: float, sender: str, to: str, message_id: str, subject: str) -> None:
        """Dovecot sends mail of its own, through sendmail(1)."""
        name = self._id(at)
        message_id = message_id or f"dovecot-sieve-{name}@mx1.example.com"
        self._names[name] = message_id, subject
        self._put(at, "pickup", f"{name}: uid=5000 from=<{sender}>")
        origin = f"from local; from=<{sender}> to=<{to}>"
        self._header(at, name, subject, origin, message_id, self._pid())
        self._queue(at + 0.02, name, sender, 2100, 1)
        self._deliver(at, name, at, name, sender, subject, [(to, to)])

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
        super()._tell(name, born, to, final, status, sender, subject, attempts)
        if status == "delivered" and (landed := self._landed.pop((name, to, final or to), None)):
            truths = self.book.truths
            truths[-1] = truths[-1]._replace(status=landed[0], mailbox=landed[1])

    # Sessions without a message

    def _reads(self, at: float) -> None:
        """People read their mail; strangers guess passwords."""
        world = self.world
        user, ip, pid, session = world.ours(), world.ip(), self._pid(), world.token(16)
        protocol = "pop3" if world.odds(0.1) else "imap"
        ends = f"rip={ip}, lip=192.0.2.1, "
        if world.odds(0.25):
            self.book.put(at, f"dovecot: auth: passwd-file({user},{ip},<{session}>): unknown user")
            self.book.put(
                at + 2,
                f"dovecot: {protocol}-login: Disconnected: Connection closed (auth failed, 1 "
                f"attempts in 2 secs): user=<{user}>, method=PLAIN, {ends}TLS, session=<{session}>",
            )
            return
        self.book.put(
            at,
            f"dovecot: {protocol}-login: Login: user=<{user}>, method=PLAIN, {ends}mpid={pid}, "
            f"TLS, session=<{session}>",
        )
        self.book.put(
            at + world.chance.uniform(1, 1800),
            f"dovecot: {protocol}({user})<{pid}><{session}>: Disconnected: Logged out in=417 "
            "out=24880 deleted=0 expunged=0 trashed=0 hdr_count=3 hdr_bytes=1712 body_count=2 "
            "body_bytes=9120",
        )
