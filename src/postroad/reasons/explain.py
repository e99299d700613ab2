"""Reasons in plain words: what is the matter, whose matter it is, what can be done.

Written for the people whose mail it is, from the sending side's point of view.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from postroad.reasons.reason import Reason


class Part(IntEnum):
    """Who can do something about a reason."""

    #: Nobody needs to do anything.
    NOBODY = 0
    #: Whoever wrote the message.
    SENDER = 1
    #: Whoever it is for.
    RECIPIENT = 2
    #: The people who run the server that sends.
    SENDING_SERVER = 3
    #: The people who run the server that receives.
    RECEIVING_SERVER = 4


class Explanation(NamedTuple):
    """One reason in plain words."""

    #: Goes on from "because".
    cause: str
    part: Part
    #: A sentence or two.
    advice: str


#: Every reason has an explanation.
EXPLANATIONS: dict[Reason, Explanation] = {
    Reason.UNKNOWN: Explanation(
        "of something that the log does not explain",
        Part.RECEIVING_SERVER,
        "Read the reply; if it does not help, send it to the people who run that server.",
    ),
    Reason.MAILBOX_UNKNOWN: Explanation(
        "there is no such mailbox",
        Part.SENDER,
        "Check the address for a typing mistake, and ask the recipient for it in another way.",
    ),
    Reason.MAILBOX_FULL: Explanation(
        "the recipient's mailbox is full",
        Part.RECIPIENT,
        "Tell the recipient in another way; mail goes in again when there is room.",
    ),
    Reason.MAILBOX_DISABLED: Explanation(
        "the recipient's mailbox is disabled",
        Part.RECIPIENT,
        "Ask the recipient in another way for an address that works.",
    ),
    Reason.MOVED: Explanation(
        "the recipient has moved to another address",
        Part.SENDER,
        "Ask the recipient for the new address; the reply may name it.",
    ),
    Reason.GREYLISTED: Explanation(
        "the first try of a sender it does not know is always told to come back",
        Part.NOBODY,
        "Nothing needs to be done: a later try is usually accepted.",
    ),
    Reason.RATE_LIMITED: Explanation(
        "too much mail came in too short a time",
        Part.SENDING_SERVER,
        "Wait; if it goes on, send less at a time to that provider.",
    ),
    Reason.SENDER_REPUTATION: Explanation(
        "the sending server or domain is not trusted",
        Part.SENDING_SERVER,
        "Find out what was sent from there, stop what should not be, and ask that provider how "
        "to win trust back.",
    ),
    Reason.BLOCKLISTED: Explanation(
        "the sending server is on a block list",
        Part.SENDING_SERVER,
        "See which list the reply names, remove the cause, and ask that list to take the entry "
        "out.",
    ),
    Reason.AUTHENTICATION_FAILED: Explanation(
        "SPF, DKIM or DMARC did not prove where the mail comes from",
        Part.SENDING_SERVER,
        "Check the SPF, DKIM and DMARC records of the sender's domain against the server that "
        "sends.",
    ),
    Reason.REVERSE_DNS: Explanation(
        "the name of the sending server does not fit its address",
        Part.SENDING_SERVER,
        "Give the sending address a reverse DNS name that leads back to it, and say that name "
        "in HELO.",
    ),
    Reason.SPAM: Explanation(
        "the content was taken for spam",
        Part.SENDER,
        "Write it differently, with fewer links and no attachments, or ask the recipient to "
        "allow the sender.",
    ),
    Reason.VIRUS: Explanation(
        "a virus was found in it",
        Part.SENDER,
        "Check the computer that it was sent from, and send no such attachment.",
    ),
    Reason.CONTENT_REFUSED: Explanation(
        "its form or an attachment is not allowed",
        Part.SENDER,
        "Send the attachment in another form or another way.",
    ),
    Reason.RELAY_DENIED: Explanation(
        "the server does not take mail for that domain from that client",
        Part.SENDING_SERVER,
        "If it is sent from a mail program, turn on the login for outgoing mail; if not, check "
        "which server the domain's MX record names.",
    ),
    Reason.HOST_NOT_FOUND: Explanation(
        "the recipient's domain or its mail server cannot be found in the DNS",
        Part.SENDER,
        "Check the part of the address behind the @ for a typing mistake; if it is right, the "
        "domain's DNS has to be mended.",
    ),
    Reason.NO_MAIL_SERVICE: Explanation(
        "the domain takes no mail at all",
        Part.SENDER,
        "Check the part of the address behind the @, and ask the recipient for another one.",
    ),
    Reason.CONNECTION_REFUSED: Explanation(
        "the other server is not accepting connections",
        Part.RECEIVING_SERVER,
        "Wait; if it lasts for hours, tell the people who run that server.",
    ),
    Reason.CONNECTION_TIMED_OUT: Explanation(
        "the other server did not answer in time",
        Part.RECEIVING_SERVER,
        "Wait; if it happens with many domains, check this server's network and firewall.",
    ),
    Reason.CONNECTION_LOST: Explanation(
        "the connection broke in the middle",
        Part.RECEIVING_SERVER,
        "Wait; if it happens again and again, both sides should look at their logs.",
    ),
    Reason.NO_ROUTE: Explanation(
        "there is no way through the network to the other server",
        Part.SENDING_SERVER,
        "Check this server's network; for IPv6 addresses, whether it has IPv6 at all.",
    ),
    Reason.TLS_FAILED: Explanation(
        "no encrypted connection came about, and one is required",
        Part.RECEIVING_SERVER,
        "Compare certificate, host name and TLS versions of both sides.",
    ),
    Reason.MESSAGE_TOO_LARGE: Explanation(
        "the message is too large",
        Part.SENDER,
        "Send it in parts, or put the files where the recipient can fetch them.",
    ),
    Reason.POLICY: Explanation(
        "a rule of that server forbids it",
        Part.RECEIVING_SERVER,
        "Read the reply; the people who run that server can tell which rule it is.",
    ),
    Reason.REMOTE_TROUBLE: Explanation(
        "the server had trouble of its own",
        Part.RECEIVING_SERVER,
        "Wait; if it lasts for hours, tell the people who run that server.",
    ),
    Reason.LOCAL_TROUBLE: Explanation(
        "something on this server did not work",
        Part.SENDING_SERVER,
        "The people who run this server should look at its log at that time.",
    ),
    Reason.OWN_LIMIT: Explanation(
        "a limit for outgoing mail was reached",
        Part.SENDING_SERVER,
        "Wait until the limit's time is over, or ask the people who run this server to raise it.",
    ),
    Reason.LOOP: Explanation(
        "it went round in circles",
        Part.RECEIVING_SERVER,
        "Look for forwards that lead back to where they start, and check the domain's MX record.",
    ),
    Reason.EXPIRED: Explanation(
        "it was tried for as long as this server tries",
        Part.RECEIVING_SERVER,
        "See what the attempts before were answered, and send it again when that is mended.",
    ),
    Reason.SENDER_REJECTED: Explanation(
        "the sender's address is not accepted",
        Part.SENDER,
        "Check that the sender's address exists and may be used by this account.",
    ),
    Reason.AUTH_REQUIRED: Explanation(
        "a login is required, or the login failed",
        Part.SENDER,
        "Check login name and password for outgoing mail.",
    ),
    Reason.BAD_PROTOCOL: Explanation(
        "a command or the message breaks the rules of mail",
        Part.SENDING_SERVER,
        "Check the program that made the message; the reply says what is wrong with it.",
    ),
    Reason.OPERATOR_REMOVED: Explanation(
        "an operator of this server removed it",
        Part.SENDING_SERVER,
        "Ask the people who run this server why.",
    ),
    Reason.RESTRICTED: Explanation(
        "the recipient takes mail from certain senders only",
        Part.RECIPIENT,
        "Ask the recipient or the list's owner to allow the sender.",
    ),
}
