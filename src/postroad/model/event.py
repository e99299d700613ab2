"""Events: what one log line says, in the words of RFC 5321 and the mail servers' documentation.

A parser turns a line into one of these, into `NOISE` (understood, of no interest to a message)
or into None (not understood; counted and sampled). Every event has

* `at`: when the line was written, microseconds UTC since 1970;
* `host`, `instance`: whose queue it speaks of. Queue ids are unique within an instance only;
  `instance` is empty for servers that have one, and the first part of the syslog tag for
  Postfix (`postfix`, `postfix-in`), whose parts behind the slash share one queue;
* `queue_id`: the message id of Exim, the queue id of Postfix, qmail's message number (an inode);
  empty where none was given yet.

Strings a line does not hold are empty, numbers it does not hold are None, so that "not logged" and
"logged as nothing" stay apart where it matters (`sender` "" with `has_sender` is `<>`).
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from postroad.model.status import Outcome


class Noise:
    """The type of `NOISE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Name it as the constant is named."""
        return "NOISE"


#: A line that was understood and says nothing about any message.
NOISE = Noise()


#: Instances of programs that speak of messages whose queue id they do not know. Their queue id is
#: the Message-ID in angle brackets, or the session's name where there is none.
ASIDES = frozenset({"dovecot", "rspamd", "spamassassin"})


class _Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    at: int
    host: str
    instance: str = ""
    queue_id: str = ""


class Arrived(_Event, frozen=True):
    """The server began to hold a message under a queue id: a life begins.

    Exim `<=`, `(=`; Postfix smtpd `client=`, pickup `uid=`, qmqpd `client=`.
    """

    #: Envelope sender without brackets; "" for the null sender. Meaningful if `has_sender`.
    sender: str = ""
    has_sender: bool = False
    #: Envelope recipients where the server logs them on arrival (Exim `+received_recipients`).
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    subject: str = ""
    #: Octets.
    size: int | None = None
    client_host: str = ""
    client_ip: str = ""
    helo: str = ""
    #: As logged: esmtpsa, local, ESMTP, ...
    protocol: str = ""
    #: The authenticator or SASL mechanism; proves `user`.
    auth: str = ""
    #: The authenticated login, or the local login of a message submitted on this host.
    user: str = ""
    #: Whether `user` was proven by a login or by being a process on this host.
    user_proven: bool = False
    #: TLS of the incoming session, as logged.
    tls: str = ""
    #: The queue id of the message that this one reports about (Exim `R=`).
    bounce_of: str = ""
    #: An earlier queue id of the same mail on this host (Postfix `orig_id=`, `orig_queue_id=`).
    continues: str = ""
    #: The client was told 5xx although the message is kept (Exim `(=`, fakereject).
    fake_reject: bool = False
    #: Process that handles the session, to join session lines without a queue id; 0 if unknown.
    pid: int = 0
    #: The message was received by a delivery made while it came in (Exim `>>`).
    cutthrough: bool = False


class Described(_Event, frozen=True):
    """More facts about a message, at any time of its life. Empty fields say nothing.

    Postfix cleanup `message-id=`, qmgr `from=`, header lines that show the subject; cPanel's
    sender identification; spam scores.
    """

    sender: str = ""
    has_sender: bool = False
    message_id: str = ""
    subject: str = ""
    size: int | None = None
    #: Number of recipients in the queue.
    nrcpt: int | None = None
    spam_score: float | None = None
    spam: bool | None = None
    #: True owner of the message by the server's own word (cPanel "Sender identification").
    user: str = ""
    domain: str = ""
    identified_sender: str = ""
    #: Program that judged the content: spamassassin, rspamd, amavis, mailscanner.
    scanner: str = ""
    #: Its verdict in its own words ("no action", "Passed SPAMMY"), and the rules that hit.
    spam_verdict: str = ""
    spam_rules: tuple[str, ...] = ()
    #: The queue id of the message that this one reports about (qmail, joined by `qp`).
    bounce_of: str = ""
    #: One more envelope recipient (from a header or policy line, an operator's addition).
    recipient: str = ""
    client_host: str = ""
    client_ip: str = ""
    helo: str = ""
    protocol: str = ""
    #: What the message now waits for, in the server's words: "frozen", "on hold"; "-" ends it.
    waiting: str = ""
    #: Without a queue id: the process that says it of the next message it takes.
    pid: int = 0


class Attempted(_Event, frozen=True):
    """One attempt for one recipient ended, one way or the other.

    Exim `=> -> >> *> ** ==`; Postfix `status=`.
    """

    outcome: Outcome
    #: The address the attempt was for, as the server rewrote it last.
    address: str
    #: The envelope recipient it came from, where the line names it (Exim `<original>`, Postfix
    #: `orig_to=`); "" if it is `address` itself.
    original: str = ""
    #: Further addresses that the line says the same of (sendmail `to=a,b`).
    also: tuple[str, ...] = ()
    #: Folder that the copy was stored in ("INBOX", "Junk"), where a mailbox server says so.
    mailbox: str = ""
    #: Of a mailbox server: the message's Message-ID, and the session by which the mail server's
    #: line names it in the reply ("250 2.0.0 <r> SESSION Saved").
    message_id: str = ""
    session: str = ""
    #: Addresses between original and final, innermost first (Exim `(parent)`).
    parents: tuple[str, ...] = ()
    router: str = ""
    transport: str = ""
    #: Whether the copy was offered to another host (SMTP, LMTP over TCP to a host not our own).
    remote: bool = False
    remote_host: str = ""
    remote_ip: str = ""
    remote_port: int | None = None
    tls: str = ""
    smtp_code: int | None = None
    enhanced_code: str = ""
    #: The remote reply or the server's own words, whole and verbatim.
    reply: str = ""
    #: The next server's queue id, from its reply.
    next_queue_id: str = ""
    #: A queue id of this very host that now carries the copy (Postfix `forwarded as`).
    forwarded_as: str = ""
    #: Whether a host or mailbox was really tried. False for "retry time not reached" and its kin.
    counted: bool = True
    sender: str = ""
    has_sender: bool = False
    #: Process that made the attempt; joins session lines such as TLS. 0 if unknown.
    pid: int = 0
    #: Seconds since the message arrived, as the server computed it; None if not logged.
    delay: float | None = None
    #: The server gave up because it had tried for too long: earlier attempts say why.
    expired: bool = False


class Rejected(_Event, frozen=True):
    """A message, or one of its recipients, was refused or discarded when it was offered to us."""

    #: The command or moment it happened at: RCPT, MAIL, DATA, END-OF-MESSAGE, CONNECT, ...
    command: str = ""
    #: 4xx: the client may come back.
    temporary: bool = False
    #: The client was told "accepted", and the message thrown away.
    discarded: bool = False
    sender: str = ""
    has_sender: bool = False
    recipient: str = ""
    #: Further recipients, where one line speaks of several.
    recipients: tuple[str, ...] = ()
    smtp_code: int | None = None
    enhanced_code: str = ""
    #: The reply given, or the rule's words, whole.
    reply: str = ""
    client_host: str = ""
    client_ip: str = ""
    helo: str = ""
    protocol: str = ""
    auth: str = ""
    user: str = ""
    user_proven: bool = False
    message_id: str = ""
    subject: str = ""
    pid: int = 0
    #: Without a queue id: the lines before this one that tell of the same refusal, the first of
    #: which it is known by (an entry of Exim's rejectlog, the pieces of a long line).
    above: tuple[str, ...] = ()


class LinkKind(IntEnum):
    """How two queue ids belong together. Append, never renumber."""

    #: `other` is the notification about `queue_id` that went to its sender.
    BOUNCED_AS = 1
    #: `other` notifies the postmaster about `queue_id`.
    POSTMASTER_NOTIFIED_AS = 2
    #: `other` tells the sender that `queue_id` is late.
    DELAY_NOTIFIED_AS = 3
    #: `other` is a success notification that was asked for (RFC 3461).
    DSN_SENT_AS = 4
    #: `other` carries the copy of one recipient on (alias, forward).
    FORWARDED_AS = 5
    #: `other` is the same mail after a content filter gave it back.
    FILTERED_AS = 6
    #: `other` is the same mail under a new queue id after a requeue.
    REQUEUED_AS = 7


class Linked(_Event, frozen=True):
    """`queue_id` and `other`, both of this host and instance, belong together."""

    kind: LinkKind
    other: str
    #: The notification says that all that was not settled is given up, for it stayed too long.
    expired: bool = False


class EndKind(IntEnum):
    """Why nothing more is to be expected of a queue id."""

    #: Every recipient is settled (Exim `Completed`, Postfix qmgr `removed`).
    COMPLETED = 1
    #: An operator deleted it (`exim -Mrm`, `postsuper -d`).
    REMOVED = 2
    #: Given up without a further try (cancelled by an operator or a filter, frozen too long).
    CANCELLED = 3
    #: Returned to the sender because it stayed too long (Postfix `status=expired`).
    EXPIRED = 4
    #: The id was used up, but the message never became ours (connection lost at the final dot).
    ABANDONED = 5
    #: Thrown away by a rule.
    DISCARDED = 6


class Ended(_Event, frozen=True):
    """The message left the queue, or was made to."""

    kind: EndKind
    #: Who or what ended it, in the server's words.
    by: str = ""


class Noted(_Event, frozen=True):
    """The line belongs to the message and is evidence, but changes nothing by itself."""

    #: A host was tried for the message without settling a recipient, in the server's words.
    tried_host: str = ""


class SessionTls(_Event, frozen=True):
    """TLS was set up in a session that has no queue id on its line; `pid` joins it."""

    pid: int
    peer_host: str = ""
    peer_ip: str = ""
    peer_port: int | None = None
    #: We are the client (an outgoing delivery).
    outgoing: bool = False
    tls: str = ""


Event = Arrived | Described | Attempted | Rejected | Linked | Ended | Noted | SessionTls
