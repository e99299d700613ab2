"""A made-up qmail server, as netqmail with vpopmail and chkuser, and what became of its mail.

multilog collects the lines of qmail-send and of what stands before the queue in one log. A message
is named by its inode, which is free again at once when it is done; the forms are those of
qmail-send.c, ucspi-tcp, chkuser 2 and simscan.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from bench.book import Book
from bench.world import DAY, Truth, World

_SAID = "Remote_host_said:_"
_TOO_LONG = (
    "I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long./"  # qmail-send.c
)
_LATER = (
    "{ip}_does_not_like_recipient./" + _SAID + "450_4.2.0_<{to}>:_Recipient_address_rejected:_"
    "Greylisted/Giving_up_on_{ip}./",
    "Connected_to_{ip}_but_greeting_failed./" + _SAID + "421_4.7.0_too_many_connections/",
    "Connected_to_{ip}_but_connection_died._(#4.4.2)/",
    "Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/",
    "{ip}_failed_after_I_sent_the_message./" + _SAID + "451_4.7.1_delivery_1:_success:_later/",
)
_NEVER = (
    "{ip}_does_not_like_recipient./" + _SAID + "550_5.1.1_<{to}>:_Recipient_address_rejected:_"
    "User_unknown/Giving_up_on_{ip}./",
    "{ip}_does_not_like_recipient./" + _SAID + "550-5.1.1_The_account_does_not_exist./550_5.1.1_"
    "See_https://other.example/help/Giving_up_on_{ip}./",
    "{ip}_failed_after_I_sent_the_message./" + _SAID + "554_5.7.1_Message_refused/",
    "Sorry,_I_couldn't_find_any_host_named_{domain}._(#5.1.2)/",
)
_CLOSE = 86_400.0 * 1.7


class Numbered(Book):
    """A book that numbers deliveries as they begin, and says how many are under way.

    Lines that begin with NUL are `start KEY CHANNEL REST` and `end KEY CHANNEL REST`.
    """

    def __init__(self) -> None:
        """No delivery yet."""
        super().__init__()
        self._number = 0
        self._under_way: dict[str, int] = {}
        self._busy = {"local": 0, "remote": 0}
        self._closing = 0.0

    def until(self, at: float) -> Iterator[tuple[float, str]]:
        """Lines whose time has come."""
        for when, text in super().until(at):
            if text[0] != "\0":
                yield when, text
                continue
            verb, key, channel, rest = text[1:].split(" ", 3)
            if verb == "start":
                if not self._under_way and when > self._closing:
                    yield from self._restarted(when)
                self._number += 1
                self._under_way[key] = self._number
                self._busy[channel] += 1
                yield when, f"starting delivery {self._number}: {rest}"
            else:
                self._busy[channel] -= 1
                yield when, f"delivery {self._under_way.pop(key)}: {rest}"
            yield when, self._status()

    def _restarted(self, when: float) -> Iterator[tuple[float, str]]:
        """Every now and then the daemon is restarted, and counts from one again."""
        if self._closing:
            self._number = 0
            yield when, "status: exiting"
            yield when, self._status()
        self._closing = when + _CLOSE

    def _status(self) -> str:
        return f"status: local {self._busy['local']}/60 remote {self._busy['remote']}/120"


class Qmail:
    """One server and its mail."""

    def __init__(self, world: World, book: Book) -> None:
        """Nothing has happened yet."""
        self.world = world
        self.book = book
        self._deliveries = 0
        self._inodes = 2_638_000
        #: Inodes that are free again, by the time they became so.
        self._free: list[tuple[float, str]] = []

    def play(self, at: float) -> None:
        """Let one thing happen at this time."""
        draw = self.world.chance.random()
        if draw < 0.36:
            self._inbound(at)
        elif draw < 0.56:
            self._outbound(at)
        elif draw < 0.62:
            self._program(at)
        elif draw < 0.84:
            self._refused(at)
        else:
            self._idle(at)

    # Messages

    def _inbound(self, at: float) -> None:
        """From another server to mailboxes, forwards and lists here."""
        world, put = self.world, self.book.put
        sender = "" if world.odds(0.04) else world.theirs()
        host, ip = world.peer(sender.partition("@")[2] or "bounces.example")
        recipients = world.several(world.ours, world.recipients())
        who = f"from <{sender}::> remote <{host}:{host}:{ip}>"
        pid = self._connects(at - 1, host, ip)
        put(at - 0.5, f"CHKUSER accepted sender: {who} rcpt <> : sender accepted")
        for to in recipients:
            put(at - 0.4, f"CHKUSER accepted rcpt: {who} rcpt <{to}> : found existing recipient")
        if world.odds(0.5):
            score = world.chance.randrange(-20, 40) / 10
            put(
                at - 0.1,
                f"simscan:[{pid}]:CLEAN ({score:.2f}/5.00):1.3011s:{self._subject()}:{ip}:{sender}:"
                f"{recipients[0]}",
            )
        name = self._arrive(at, sender, 89)
        self._closes(at + 0.3, pid)
        self._deliver(at, name, sender, recipients)

    def _outbound(self, at: float) -> None:
        """From a user who logged in."""
        world, put = self.world, self.book.put
        sender = world.ours()
        ip = self._ip()
        many = world.several(world.theirs, world.recipients())
        if world.odds(0.15):
            many.append(world.ours())
        who = f"from <{sender}:{sender}:> remote <[10.0.0.5]:unknown:{ip}>"
        pid = self._connects(at - 1, "unknown", ip)
        put(at - 0.5, f"CHKUSER accepted sender: {who} rcpt <> : sender accepted")
        for to in many:
            put(at - 0.4, f"CHKUSER relaying rcpt: {who} rcpt <{to}> : client allowed to relay")
        name = self._arrive(at, sender, 89)
        self._closes(at + 0.3, pid)
        self._deliver(at, name, sender, many)

    def _program(self, at: float) -> None:
        """From a program on this machine."""
        world = self.world
        sender = f"anonymous@{world.chance.choice(world.own)}"
        name = self._arrive(at, sender, 33)
        make = world.theirs if world.odds(0.7) else world.ours
        self._deliver(at, name, sender, world.several(make, world.recipients()))

    def _arrive(self, at: float, sender: str, uid: int, process: int = 0) -> str:
        name = self._inode(at)
        self.book.born[name] = at
        self.book.put(at, f"new msg {name}")
        size, qp = self.world.chance.randrange(700, 90000), process or self._pid()
        told = f"bytes {size} from <{sender}> qp {qp} uid {uid}"
        self.book.put(at + 0.0008, f"info msg {name}: {told}")
        return name

    def _inode(self, at: float) -> str:
        if self._free and self._free[0][0] < at and self.world.odds(0.8):
            return heapq.heappop(self._free)[1]
        self._inodes += self.world.chance.randint(1, 9)
        return str(self._inodes)

    # What becomes of them

    def _deliver(self, at: float, name: str, sender: str, recipients: list[str]) -> None:
        """Let each recipient meet its fate; bounce what failed when all is settled."""
        born, end, is_open, has_failed = self.book.born[name], at, False, False
        for to in recipients:
            if to.partition("@")[2] in self.world.other:
                done, status, attempts = self._remote(at, name, to)
            else:
                done, status, attempts = self._local(at, name, sender, to)
            truth = Truth(name, born, to, "", status, sender, "", attempts)
            self.book.truths.append(truth)
            end = max(end, done)
            is_open = is_open or status == "deferred"
            has_failed = has_failed or status == "failed"
        if is_open:
            return
        if has_failed:
            self._bounce(end + 0.05, name, sender)
        self.book.put(end + 0.06, f"end msg {name}")
        heapq.heappush(self._free, (end + 0.07, name))

    def _local(self, at: float, name: str, sender: str, to: str) -> tuple[float, str, int]:
        """A mailbox, a forward, a black hole, a user who is gone: end, status, tries."""
        world = self.world
        at += world.chance.uniform(0.01, 0.4)
        draw = world.chance.random()
        took = at + world.chance.uniform(0.02, 0.3)

        def once(result: str, report: str) -> None:
            self._try(at, took, name, to, result, report)

        if draw < 0.90:
            once("success", "did_1+0+0/" if draw < 0.45 else "did_0+0+1/")
            return took, "delivered", 1
        if draw < 0.94:
            qp = self._pid()
            once("success", f"did_0+1+0/qp_{qp}/")
            copy = self._arrive(took - 0.01, sender, 89, qp)
            self._deliver(took - 0.01, copy, sender, [world.theirs()])
            return took, "delivered", 1
        if draw < 0.95:
            once("success", "did_0+0+0/")
            return took, "filtered", 1
        if draw < 0.965:
            once("failure", "Sorry,_no_mailbox_here_by_that_name._vpopmail_(#5.1.1)/")
            return took, "failed", 1
        if draw < 0.97:
            full = "Recipient's_mailbox_is_full,_message_returned_to_sender._(#5.2.2)/"
            once("failure", full)
            return took, "failed", 1
        once("deferral", "user_is_over_quota/")
        tries = world.retries(ends_well=True)
        for wait in tries:
            is_last = wait == tries[-1]
            report = ("success", "did_0+0+1/") if is_last else ("deferral", "user_is_over_quota/")
            self._try(at + wait, took + wait, name, to, *report)
        return took + tries[-1], "delivered", len(tries) + 1

    def _remote(self, at: float, name: str, to: str) -> tuple[float, str, int]:
        """Another server's mailbox: end, status, tries."""
        world = self.world
        draw = world.chance.random()
        at += world.chance.uniform(0.01, 0.5)
        took = at + world.chance.uniform(0.5, 6)
        domain = to.partition("@")[2]
        _, ip = world.peer(domain)
        good = f"{ip}_accepted_message./{_SAID}250_2.0.0_Ok:_queued_as_{world.token(11)}/"
        if draw < 0.89:
            self._try(at, took, name, to, "success", good)
            return took, "delivered", 1
        if draw < 0.93:
            report = world.chance.choice(_NEVER).format(ip=ip, to=to, domain=domain)
            self._try(at, took, name, to, "failure", report)
            return took, "failed", 1
        ends_well = draw < 0.985
        is_given_up = not ends_well and draw < 0.992
        tries = world.retries(ends_well=ends_well)
        if is_given_up:
            tries.append(7 * DAY + 60)
        for wait in (0.0, *tries):
            result, report = "deferral", world.chance.choice(_LATER).format(ip=ip, to=to)
            if wait == tries[-1] and ends_well:
                result, report = "success", good
            elif wait == tries[-1] and is_given_up:
                result, report = "failure", report + _TOO_LONG
            self._try(at + wait, took + wait, name, to, result, report)
        status = "delivered" if ends_well else "failed" if is_given_up else "deferred"
        return took + tries[-1], status, len(tries) + 1

    def _try(self, at: float, end: float, name: str, to: str, result: str, report: str) -> None:
        self._deliveries += 1
        key = str(self._deliveries)
        domain = to.partition("@")[2]
        channel = "remote" if domain in self.world.other else "local"
        # vpopmail's domains are virtual: qmail-send puts what they are called before the name.
        address = f"{domain}-{to}" if domain.startswith("tenant") else to
        self.book.put(at, f"\0start {key} {channel} msg {name} to {channel} {address}")
        self.book.put(end, f"\0end {key} {channel} {result}: {report}")

    def _bounce(self, at: float, parent: str, sender: str) -> None:
        """Tell the sender; of a bounce, the postmaster; and then nobody."""
        if sender == "#@[]":
            self.book.put(at, f"triple bounce: discarding bounce/{parent}")
            return
        qp = self._pid()
        self.book.put(at, f"bounce msg {parent} qp {qp}")
        to = sender or "postmaster@example.com"
        by = "" if sender else "#@[]"
        name = self._arrive(at + 0.02, by, 89, qp)
        self._deliver(at + 0.02, name, by, [to])

    # Sessions without a message

    def _refused(self, at: float) -> None:
        """Refused at the door: a list, chkuser, spam."""
        world, put = self.world, self.book.put
        sender, to, ip = world.theirs(), world.ours(), self._ip()
        pid = self._connects(at - 1, "unknown", ip)
        who = f"from <{sender}::> remote <x.example:unknown:{ip}>"
        draw = world.chance.random()
        if draw < 0.3:
            # Nobody named a sender or a recipient: no mail was refused.
            put(at, f"rblsmtpd: {ip} pid {pid}: 451 Blocked, see http://bl.test/?{ip}")
            self._closes(at + 0.4, pid)
            return
        if draw < 0.75:
            put(at, f"CHKUSER rejected rcpt: {who} rcpt <{to}> : not existing recipient")
        elif draw < 0.85:
            to = world.theirs()
            put(at, f"CHKUSER rejected relaying: {who} rcpt <{to}> : client not allowed to relay")
        else:
            put(
                at,
                f"simscan:[{pid}]:SPAM REJECT (12.10/5.00/9.00):3.3011s:{self._subject()}:{ip}:"
                f"{sender}:{to}",
            )
        self.book.truths.append(Truth("", at, to, "", "rejected", sender, "", 0))
        self._closes(at + 0.4, pid)

    def _idle(self, at: float) -> None:
        """Strangers knock."""
        pid = self._connects(at, "unknown", self._ip())
        if self.world.odds(0.3):
            self.book.put(at + 0.2, f"rblsmtpd: 198.51.100.9 pid {pid}: greetdelay: 15")
        self._closes(at + 1, pid)

    def _connects(self, at: float, host: str, ip: str) -> int:
        pid, name = self._pid(), "" if host == "unknown" else host
        put = self.book.put
        put(at, "tcpserver: status: 3/40")
        put(at, f"tcpserver: pid {pid} from {ip}")
        put(at, f"tcpserver: ok {pid} mx1.example.com:192.0.2.1:25 {name}:{ip}::40321")
        return pid

    def _closes(self, at: float, pid: int) -> None:
        self.book.put(at, f"tcpserver: end {pid} status 0")
        self.book.put(at, "tcpserver: status: 2/40")

    def _subject(self) -> str:
        """As simscan writes one."""
        return self.world.subject().replace(":", "_")

    def _pid(self) -> int:
        return self.world.chance.randrange(1000, 4_000_000)

    def _ip(self) -> str:
        """An address of the old kind: ucspi-tcp knows no other."""
        while ":" in (ip := self.world.ip()):
            pass
        return ip
