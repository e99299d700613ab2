"""Reasons in plain words: what is the matter, whose matter it is, what can be done.

Written for the people whose mail it is, from the sending side's point of view. A cause goes on from
"because": where word order hangs on that, as in German, it is translated so.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from postroad.model.text import Text, say
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
    cause: Text
    part: Part
    #: A sentence or two.
    advice: Text


#: Every reason has an explanation.
EXPLANATIONS: dict[Reason, Explanation] = {
    Reason.UNKNOWN: Explanation(
        say("of something that the log does not explain"),
        Part.RECEIVING_SERVER,
        say("Read the reply; if it does not help, send it to the people who run that server."),
    ),
    Reason.MAILBOX_UNKNOWN: Explanation(
        say("there is no such mailbox"),
        Part.SENDER,
        say("Check the address for a typing mistake, and ask the recipient for it in another way."),
    ),
    Reason.MAILBOX_FULL: Explanation(
        say("the recipient's mailbox is full"),
        Part.RECIPIENT,
        say("Tell the recipient in another way; mail goes in again when there is room."),
    ),
    Reason.MAILBOX_DISABLED: Explanation(
        say("the recipient's mailbox is disabled"),
        Part.RECIPIENT,
        say("Ask the recipient in another way for an address that works."),
    ),
    Reason.MOVED: Explanation(
        say("the recipient has moved to another address"),
        Part.SENDER,
        say("Ask the recipient for the new address; the reply may name it."),
    ),
    Reason.GREYLISTED: Explanation(
        say("the first try of a sender it does not know is always told to come back"),
        Part.NOBODY,
        say("Nothing needs to be done: a later try is usually accepted."),
    ),
    Reason.RATE_LIMITED: Explanation(
        say("too much mail came in too short a time"),
        Part.SENDING_SERVER,
        say("Wait; if it goes on, send less at a time to that provider."),
    ),
    Reason.SENDER_REPUTATION: Explanation(
        say("the sending server or domain is not trusted"),
        Part.SENDING_SERVER,
        say(
            "Find out what was sent from there, stop what should not be, and ask that provider how "
            "to win trust back."
        ),
    ),
    Reason.BLOCKLISTED: Explanation(
        say("the sending server is on a block list"),
        Part.SENDING_SERVER,
        say(
            "See which list the reply names, remove the cause, and ask that list to take the entry "
            "out."
        ),
    ),
    Reason.AUTHENTICATION_FAILED: Explanation(
        say("SPF, DKIM or DMARC did not prove where the mail comes from"),
        Part.SENDING_SERVER,
        say(
            "Check the SPF, DKIM and DMARC records of the sender's domain against the server that "
            "sends."
        ),
    ),
    Reason.REVERSE_DNS: Explanation(
        say("the name of the sending server does not fit its address"),
        Part.SENDING_SERVER,
        say(
            "Give the sending address a reverse DNS name that leads back to it, and say that name "
            "in HELO."
        ),
    ),
    Reason.SPAM: Explanation(
        say("the content was taken for spam"),
        Part.SENDER,
        say(
            "Write it differently, with fewer links and no attachments, or ask the recipient to "
            "allow the sender."
        ),
    ),
    Reason.VIRUS: Explanation(
        say("a virus was found in it"),
        Part.SENDER,
        say("Check the computer that it was sent from, and send no such attachment."),
    ),
    Reason.CONTENT_REFUSED: Explanation(
        say("its form or an attachment is not allowed"),
        Part.SENDER,
        say("Send the attachment in another form or another way."),
    ),
    Reason.RELAY_DENIED: Explanation(
        say("the server does not take mail for that domain from that client"),
        Part.SENDING_SERVER,
        say(
            "If it is sent from a mail program, turn on the login for outgoing mail; if not, check "
            "which server the domain's MX record names."
        ),
    ),
    Reason.HOST_NOT_FOUND: Explanation(
        say("the recipient's domain or its mail server cannot be found in the DNS"),
        Part.SENDER,
        say(
            "Check the part of the address behind the @ for a typing mistake; if it is right, the "
            "domain's DNS has to be mended."
        ),
    ),
    Reason.NO_MAIL_SERVICE: Explanation(
        say("the domain takes no mail at all"),
        Part.SENDER,
        say("Check the part of the address behind the @, and ask the recipient for another one."),
    ),
    Reason.CONNECTION_REFUSED: Explanation(
        say("the other server is not accepting connections"),
        Part.RECEIVING_SERVER,
        say("Wait; if it lasts for hours, tell the people who run that server."),
    ),
    Reason.CONNECTION_TIMED_OUT: Explanation(
        say("the other server did not answer in time"),
        Part.RECEIVING_SERVER,
        say("Wait; if it happens with many domains, check this server's network and firewall."),
    ),
    Reason.CONNECTION_LOST: Explanation(
        say("the connection broke in the middle"),
        Part.RECEIVING_SERVER,
        say("Wait; if it happens again and again, both sides should look at their logs."),
    ),
    Reason.NO_ROUTE: Explanation(
        say("there is no way through the network to the other server"),
        Part.SENDING_SERVER,
        say("Check this server's network; for IPv6 addresses, whether it has IPv6 at all."),
    ),
    Reason.TLS_FAILED: Explanation(
        say("no encrypted connection came about, and one is required"),
        Part.RECEIVING_SERVER,
        say("Compare certificate, host name and TLS versions of both sides."),
    ),
    Reason.MESSAGE_TOO_LARGE: Explanation(
        say("the message is too large"),
        Part.SENDER,
        say("Send it in parts, or put the files where the recipient can fetch them."),
    ),
    Reason.POLICY: Explanation(
        say("a rule of that server forbids it"),
        Part.RECEIVING_SERVER,
        say("Read the reply; the people who run that server can tell which rule it is."),
    ),
    Reason.REMOTE_TROUBLE: Explanation(
        say("the server had trouble of its own"),
        Part.RECEIVING_SERVER,
        say("Wait; if it lasts for hours, tell the people who run that server."),
    ),
    Reason.LOCAL_TROUBLE: Explanation(
        say("something on this server did not work"),
        Part.SENDING_SERVER,
        say("The people who run this server should look at its log at that time."),
    ),
    Reason.OWN_LIMIT: Explanation(
        say("a limit for outgoing mail was reached"),
        Part.SENDING_SERVER,
        say(
            "Wait until the limit's time is over, or ask the people who run this server to raise "
            "it."
        ),
    ),
    Reason.LOOP: Explanation(
        say("it went round in circles"),
        Part.RECEIVING_SERVER,
        say(
            "Look for forwards that lead back to where they start, and check the domain's MX "
            "record."
        ),
    ),
    Reason.EXPIRED: Explanation(
        say("it was tried for as long as this server tries"),
        Part.RECEIVING_SERVER,
        say("See what the attempts before were answered, and send it again when that is mended."),
    ),
    Reason.SENDER_REJECTED: Explanation(
        say("the sender's address is not accepted"),
        Part.SENDER,
        say("Check that the sender's address exists and may be used by this account."),
    ),
    Reason.AUTH_REQUIRED: Explanation(
        say("a login is required, or the login failed"),
        Part.SENDER,
        say("Check login name and password for outgoing mail."),
    ),
    Reason.BAD_PROTOCOL: Explanation(
        say("a command or the message breaks the rules of mail"),
        Part.SENDING_SERVER,
        say("Check the program that made the message; the reply says what is wrong with it."),
    ),
    Reason.OPERATOR_REMOVED: Explanation(
        say("an operator of this server removed it"),
        Part.SENDING_SERVER,
        say("Ask the people who run this server why."),
    ),
    Reason.RESTRICTED: Explanation(
        say("the recipient takes mail from certain senders only"),
        Part.RECIPIENT,
        say("Ask the recipient or the list's owner to allow the sender."),
    ),
    Reason.RECIPIENT_RULE: Explanation(
        say("a rule that the recipient made for their own mail refuses it"),
        Part.RECIPIENT,
        say("Ask the recipient in another way to look at their filter rules and blocked senders."),
    ),
}
