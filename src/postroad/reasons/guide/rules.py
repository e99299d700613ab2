"""Reasons that lie with a rule, with time, or with this server."""

from __future__ import annotations

from postroad.model.text import say
from postroad.reasons.guide.guide import Guide
from postroad.reasons.reason import Reason

RULES: dict[Reason, Guide] = {
    Reason.POLICY: Guide(
        title=say("A rule forbids it"),
        meaning=say(
            "The server refused the message because of a rule that its owners made. Which one is "
            "known to them; their answer often gives a hint or a link."
        ),
        causes=(
            say("A rule about senders, countries, subjects or attachments."),
            say("The sending side is not trusted, and the answer does not say so openly."),
            say("A contract or a law that the other side has to keep to."),
        ),
        sender=say(
            "Read the answer, and open a link in it only if it leads to that provider. Otherwise "
            "reach the recipient in another way and ask them to ask their provider."
        ),
        recipient=say("Hand the server's answer to whoever runs your mail: they know the rule."),
        postmaster=say(
            "Send the whole answer, with the time and your server's address, to the postmaster of "
            "that domain. Check the records under “Email deliverability” first."
        ),
    ),
    Reason.LOCAL_TROUBLE: Guide(
        title=say("Trouble on this server"),
        meaning=say(
            "Something on this server itself did not work: a lookup, a file, a program. The "
            "message is usually kept here and tried again."
        ),
        causes=(
            say("A full disk, or a service that is not running."),
            say("A name that could not be looked up."),
            say("A wrong setting after a change."),
        ),
        sender=say("Wait; if it lasts for hours, tell the people who run this server."),
        recipient=say("Wait; if it lasts for hours, tell the people who run this server."),
        postmaster=say(
            "Read this server's log at the time of the attempt; the raw lines are on the message's "
            "page."
        ),
    ),
    Reason.OWN_LIMIT: Guide(
        title=say("The sending limit was reached"),
        meaning=say(
            "This server lets each account send so much in an hour or a day and no more. The limit "
            "protects everybody on it: one account that sends spam would give all a bad name."
        ),
        causes=(
            say("A newsletter or a message to many people."),
            say("A web site or program that sends too much."),
            say("Somebody else knows the password and sends spam with it."),
        ),
        sender=say(
            "Look at “Was this me?” for mail that is not yours, and change your password if there "
            "is any. Otherwise send the rest later, or ask for a higher limit."
        ),
        recipient=say("Nothing; the sender has to wait."),
        postmaster=say(
            "Look at who sent how much in the overview before you raise the limit: a sudden rise "
            "is most often a stolen password."
        ),
    ),
    Reason.LOOP: Guide(
        title=say("It went round in circles"),
        meaning=say(
            "The message came back to a server that had had it already, again and again, until one "
            "of them stopped it."
        ),
        causes=(
            say("Two forwards that lead to each other."),
            say(
                "A domain that was moved, while the old server still sends its mail to the new one "
                "and the new one back."
            ),
            say("An MX record that leads back to the server that sends."),
        ),
        sender=say("Tell the recipient in another way; only their side can mend it."),
        recipient=say(
            "Look at the forwards of your mailbox, and turn off the one that leads back."
        ),
        postmaster=say(
            "Follow the “Received” lines in the head of the message: they show where it turns "
            "round. See that the server knows every domain whose MX record names it."
        ),
    ),
    Reason.EXPIRED: Guide(
        title=say("Given up after many tries"),
        meaning=say(
            "This server tried for as long as it is told to, usually some days, and then gave up "
            "and told the sender. The answers to the tries before say what was the matter."
        ),
        causes=(
            say("The other server could not be reached for days."),
            say("The mailbox was full for days."),
            say("The domain of the recipient is given up."),
        ),
        sender=say(
            "See what the tries were answered, on the message's page, and send it again when that "
            "has been mended."
        ),
        recipient=say("If you expected it, ask the sender to send it again."),
        postmaster=say(
            "Look at the earlier attempts for the real cause. How long is tried is set by "
            "`maximal_queue_lifetime` in Postfix and by the retry rules in Exim."
        ),
    ),
    Reason.OPERATOR_REMOVED: Guide(
        title=say("Removed by an operator"),
        meaning=say(
            "Somebody who looks after this server took the message out of the queue by hand."
        ),
        causes=(
            say("It was part of a flood of spam from an account that was broken into."),
            say("It could not be delivered and was in the way."),
        ),
        sender=say("Ask the people who run this server why, and whether to send it again."),
        recipient=say("Ask the sender to send it again, if you expected it."),
        postmaster=say("The line of the log names the time; your own notes may name the cause."),
    ),
    Reason.UNKNOWN: Guide(
        title=say("Not explained"),
        meaning=say(
            "The log holds no words from which the cause can be told for certain, so none is made "
            "up here. What the server said stands on the message's page, as it was logged."
        ),
        causes=(
            say("The answer uses words or a language that are not known here."),
            say("The server gave no answer, or nothing about it was logged."),
        ),
        sender=say(
            "Read the answer; a person may see more in it. Otherwise hand it to the people who run "
            "the server."
        ),
        recipient=say("Ask whoever runs your mail, and give them the time and the answer."),
        postmaster=say(
            "The raw lines of the log on the message's page are all that is known. The code of "
            "three digits is explained in RFC 5321, the one with dots in RFC 3463."
        ),
    ),
}
