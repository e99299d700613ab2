"""The public fields of a delivery as columns with types: what each holds, in a phrase.

The names are those of the API. A file that knows types says these phrases of its columns, so that
whoever is handed it needs no manual.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a field holds."""

    TEXT = "text"
    #: A text out of few: a status, a host of ours, a transport.
    WORD = "word"
    NUMBER = "number"
    #: With a fraction; it may be unknown.
    SCORE = "score"
    #: Microseconds UTC; it may be unknown.
    TIME = "time"


#: Every public field, in order: what it holds, and what it says.
FIELDS: dict[str, tuple[Kind, str]] = {
    "id": (Kind.TEXT, "Names the delivery: one message for one recipient"),
    "host": (Kind.WORD, "Server whose log tells of it"),
    "queue_id": (Kind.TEXT, "Queue id of that server"),
    "message_id": (Kind.TEXT, "Message-ID (RFC 5322 section 3.6.4)"),
    "status": (Kind.WORD, "What became of it"),
    "direction": (Kind.WORD, "Which way it went, seen from that server"),
    "sender": (Kind.TEXT, "Envelope sender as claimed; empty is the null sender"),
    "recipient": (Kind.TEXT, "Envelope recipient as addressed"),
    "delivered_to": (Kind.TEXT, "Final address or mailbox, where it is known to differ"),
    "mailbox": (Kind.WORD, "Folder that it was stored in, where the mailbox server says so"),
    "sent_at": (Kind.TIME, "Arrival at that server"),
    "last_attempt_at": (Kind.TIME, "Last try to deliver it"),
    "attempts": (Kind.NUMBER, "How many tries were made"),
    "knocks": (Kind.NUMBER, "How often it was refused before it was let in"),
    "knocked_at": (Kind.TIME, "When it was refused first"),
    "subject": (Kind.TEXT, "Subject, where the server logs it"),
    "size": (Kind.NUMBER, "Octets"),
    "spam_score": (Kind.SCORE, "Score of the spam filter"),
    "scanner": (Kind.WORD, "Program that judged the content"),
    "spam_verdict": (Kind.WORD, "Its verdict in its own words"),
    "user": (Kind.WORD, "Proven login or local account"),
    "domain": (Kind.WORD, "Domain of the proven submitter"),
    "auth": (Kind.WORD, "How the submitter proved who they are"),
    "client_host": (Kind.TEXT, "Name of the host that gave that server the message"),
    "client_ip": (Kind.TEXT, "Its address"),
    "router": (Kind.WORD, "Router of the last attempt"),
    "transport": (Kind.WORD, "Transport of the last attempt"),
    "remote_host": (Kind.TEXT, "Host of the last attempt"),
    "remote_ip": (Kind.TEXT, "Its address"),
    "tls": (Kind.WORD, "TLS of the last attempt, as logged"),
    "smtp_code": (Kind.NUMBER, "Reply code (RFC 5321 section 4.2); 0 where there was none"),
    "enhanced_code": (Kind.WORD, "Enhanced status code (RFC 3463)"),
    "result": (Kind.TEXT, "What the last server said, verbatim"),
    "reason": (Kind.WORD, "Why it failed or waits, from a closed list"),
}
