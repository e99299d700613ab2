"""Reasons that lie with the message itself."""

from __future__ import annotations

from postroad.model.text import say
from postroad.reasons.guide.guide import Guide
from postroad.reasons.reason import Reason

CONTENT: dict[Reason, Guide] = {
    Reason.SPAM: Guide(
        title=say("Taken for spam"),
        meaning=say(
            "A filter looked at the message and judged that it is unwanted advertising or fraud. "
            "Filters work with likelihoods, so that an honest message may be hit too."
        ),
        causes=(
            say("Many links, shortened links, or links to web sites with a bad name."),
            say("Nearly no text, but pictures or an attachment."),
            say("The same text to many people at once."),
            say("The sending side does not prove its origin (SPF, DKIM, DMARC)."),
        ),
        sender=say(
            "Write it again in your own words, with a plain subject and without links and "
            "attachments that are not needed. Ask the recipient to allow your address."
        ),
        recipient=say(
            "Put the sender on your list of allowed senders. If you find the message in the folder "
            "for spam, mark it as “not spam”: the filter learns."
        ),
        postmaster=say(
            "See which rules of the filter gave how many points. If mail of your own people is "
            "taken for spam elsewhere, check the records under “Email deliverability”."
        ),
    ),
    Reason.VIRUS: Guide(
        title=say("A virus was found"),
        meaning=say(
            "A scanner found in the message what looks like a harmful program, and it was not let "
            "through. That protects the recipient."
        ),
        causes=(
            say("The sender's computer is infected, or their mailbox was broken into."),
            say("Documents with macros, or programs inside archives."),
            say("A false alarm, mostly with locked archives."),
        ),
        sender=say(
            "If you did not send it, change your password and have your computer checked. If the "
            "file is harmless, hand it over in another way."
        ),
        recipient=say("Do not ask for the same file again before the sender has checked it."),
        postmaster=say(
            "The scanner's name for what it found is in the log. If a mailbox here sent it, lock "
            "the account until its owner has a new password."
        ),
    ),
    Reason.CONTENT_REFUSED: Guide(
        title=say("Attachment or form not allowed"),
        meaning=say(
            "The receiving side does not take this kind of content, such as a program as an "
            "attachment, whoever it comes from."
        ),
        causes=(
            say("An attachment of a kind that is often misused: programs, scripts, disk images."),
            say("An archive that is locked with a password, so that it cannot be looked into."),
            say("A link to a web site that is not allowed there."),
        ),
        sender=say(
            "Send the file in another form, as a PDF for instance, or put it where the recipient "
            "can fetch it."
        ),
        recipient=say("Name the sender another way to hand the file over."),
        postmaster=say(
            "The answer names the rule. Allow the kind of file only where it is needed; a place to "
            "exchange files is safer."
        ),
    ),
    Reason.MESSAGE_TOO_LARGE: Guide(
        title=say("Message too large"),
        meaning=say(
            "The message with its attachments is larger than one of the servers allows. In mail, "
            "attachments grow by about a third on the way."
        ),
        causes=(
            say("Photographs or videos in full size."),
            say("Several attachments in one message."),
            say("A recipient whose provider allows less than the sender's."),
        ),
        sender=say(
            "Send it in parts, make pictures smaller, or put the files where the recipient can "
            "fetch them. Sending it again as it is changes nothing."
        ),
        recipient=say("Name the sender another way to hand large files over."),
        postmaster=say(
            "The limit is `message_size_limit`, in Postfix and Exim alike. It should "
            "be the same on every server that the mail passes."
        ),
    ),
    Reason.BAD_PROTOCOL: Guide(
        title=say("Against the rules of mail"),
        meaning=say(
            "The sending program did or wrote something that mail does not allow, such as a broken "
            "header or a line that is too long. The receiving server did not take that."
        ),
        causes=(
            say("A home-made program, a web form or a device that makes its messages wrong."),
            say("Two sender addresses, or none, in the head of the message."),
            say("An address with characters that the other server cannot deal with."),
        ),
        sender=say(
            "Try it with an ordinary mail program. If it came from a web site or a device, tell "
            "the people who look after that."
        ),
        recipient=say("Nothing; the sending side has to mend it."),
        postmaster=say(
            "The answer says what is wrong. RFC 5321 and 5322 are the rules; line ends, missing or "
            "doubled headers and unencoded letters are the usual mistakes."
        ),
    ),
}
