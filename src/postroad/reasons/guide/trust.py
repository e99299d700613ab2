"""Reasons that lie with how far the sending side is trusted."""

from __future__ import annotations

from postroad.model.text import say
from postroad.reasons.guide.guide import Guide
from postroad.reasons.reason import Reason

TRUST: dict[Reason, Guide] = {
    Reason.GREYLISTED: Guide(
        title=say("Asked to come back later (greylisting)"),
        meaning=say(
            "The receiving server did not know the sender yet and asked to try again in a few "
            "minutes. Real mail servers do that by themselves; many programs that send spam do "
            "not. Nothing is lost: it only takes longer."
        ),
        causes=(
            say("It is the first message from this sender to this recipient."),
            say("Nobody wrote to this recipient for a long time, so that the server forgot."),
            say("The next try came from another address of the sending server."),
        ),
        sender=say(
            "Wait. The next try is usually accepted, mostly within half an hour, and later "
            "messages go through at once."
        ),
        recipient=say(
            "If you wait for something urgent, such as a code to sign in, ask for it again after "
            "ten minutes."
        ),
        postmaster=say(
            "If it goes on for hours, see that tries come from one address and not from a changing "
            "one, and that they are neither too close nor too far apart. The receiving side can "
            "exempt senders whose SPF record holds."
        ),
    ),
    Reason.RATE_LIMITED: Guide(
        title=say("Too much at once"),
        meaning=say(
            "The receiving server wants less mail at a time from this sender or from the server "
            "that sends. It did not refuse the message for good: it is to come later."
        ),
        causes=(
            say("A newsletter, or one message to many people, was sent all at once."),
            say("A server or network address that is new and sends much at once: not warmed up."),
            say("A mailbox here was broken into and sends spam."),
            say("Too many connections at the same time."),
        ),
        sender=say(
            "Wait: the server tries again by itself. Send large mailings in portions, over hours, "
            "or by a service that is made for it."
        ),
        recipient=say("Nothing needs to be done. If it is urgent, ask for it in another way."),
        postmaster=say(
            "Lower the number of connections and messages to that provider at a time, and begin "
            "with little from a new address, more each day. Look for who sends so much: see the "
            "busiest senders in the overview."
        ),
    ),
    Reason.SENDER_REPUTATION: Guide(
        title=say("The sender is not trusted"),
        meaning=say(
            "The receiving side has had bad experience with this server, network address or "
            "domain, or none at all yet, and holds its mail back. The single message may be "
            "perfectly fine."
        ),
        causes=(
            say("Spam was sent from this server, often by a mailbox that was broken into."),
            say("The network address is new, or others misused it before."),
            say("Recipients marked earlier mail as spam."),
            say("Much mail to addresses that do not exist."),
        ),
        sender=say(
            "Change your password if you see mail that you did not send: look at “Was this me?”. "
            "Send newsletters only to people who asked for them. Reach the recipient in another "
            "way meanwhile."
        ),
        recipient=say("Put the sender into your address book or on your list of allowed senders."),
        postmaster=say(
            "Find out what was sent and stop it, then check SPF, DKIM, DMARC and the reverse name. "
            "Large providers have pages for senders where reputation is shown and can be appealed; "
            "the answer often names the address."
        ),
    ),
    Reason.BLOCKLISTED: Guide(
        title=say("On a block list"),
        meaning=say(
            "The network address of the sending server stands on a list of addresses that spam "
            "came from. The receiving server asks that list and refuses what is on it."
        ),
        causes=(
            say("Spam was sent from this server or through one of its mailboxes."),
            say("A neighbour in the same network sent spam, and the whole network is listed."),
            say("The address belongs to a range for homes, which should not send mail directly."),
        ),
        sender=say(
            "You cannot change it yourself: hand the server's answer to the people who run your "
            "mail. Reach the recipient in another way meanwhile."
        ),
        recipient=say(
            "Ask whoever runs your mail to let this sender in, if you know them to be honest."
        ),
        postmaster=say(
            "See which list the answer names, open its page, and read why. Remove the cause first, "
            "then ask for the entry to be taken out: whoever asks too early is listed again."
        ),
    ),
    Reason.AUTHENTICATION_FAILED: Guide(
        title=say("Not proven to come from where it says"),
        meaning=say(
            "The receiving server could not verify that this mail really comes from the sender's "
            "domain. SPF, DKIM and DMARC are the three records by which a domain proves that; one "
            "of them is missing or does not hold."
        ),
        causes=(
            say("The sending server is not in the domain's SPF record."),
            say("The message is not signed by DKIM, or its signature broke on the way."),
            say(
                "The message was forwarded, and then no longer comes from a server that SPF names."
            ),
            say("A web form or another service sends with an address that is not its own."),
        ),
        sender=say(
            "Send by the outgoing server of your own provider, signed in, and not by another one. "
            "If you do, hand the server's answer to whoever looks after your domain."
        ),
        recipient=say(
            "If it was forwarded to you, ask whoever forwards it; otherwise tell the sender that "
            "their mail does not prove its origin."
        ),
        postmaster=say(
            "Check the three records as described under “Email deliverability”. For forwards use "
            "SRS, which rewrites the sender, or keep the DKIM signature whole."
        ),
    ),
    Reason.REVERSE_DNS: Guide(
        title=say("The server's name does not fit its address"),
        meaning=say(
            "Mail servers should have a name that leads to their network address and an address "
            "that leads back to the name. The receiving server did not find that here."
        ),
        causes=(
            say("The address has no reverse name (PTR record), or one that the network made up."),
            say("The name does not lead back to the address."),
            say("The server greets with a wrong name (HELO), such as “localhost”."),
        ),
        sender=say(
            "You cannot change it yourself: hand the server's answer to the people who run your "
            "mail."
        ),
        recipient=say("Nothing; the sending side has to mend it."),
        postmaster=say(
            "Have the PTR record set by whoever gave you the address, let that name lead back to "
            "the address, and have the server greet with it. See also whether it sends by IPv6 "
            "without a reverse name."
        ),
    ),
    Reason.SENDER_REJECTED: Guide(
        title=say("The sender's address is not accepted"),
        meaning=say(
            "The receiving side does not take mail from the address that the message came from: it "
            "does not exist, cannot be answered, or may not be used by this sender."
        ),
        causes=(
            say("A web site or device sends with an address that does not exist."),
            say("The account that sent it may not use this sender address."),
            say("The sender's domain cannot be found, or takes no mail itself."),
        ),
        sender=say(
            "Look at the sender address that is set in your mail program, web site or device. It "
            "must exist, and be yours."
        ),
        recipient=say("See whether you have blocked this sender."),
        postmaster=say(
            "See that the sender's domain has MX or address records and takes replies, and that "
            "the login may use that address."
        ),
    ),
    Reason.AUTH_REQUIRED: Guide(
        title=say("Sign in to send"),
        meaning=say(
            "The server only takes this mail from people who have signed in, and the sender had "
            "not, or with a wrong name or password."
        ),
        causes=(
            say("The login for outgoing mail is not turned on in the mail program."),
            say("The password was changed, and a telephone or a printer still has the old one."),
            say("Somebody else tried to guess a password."),
        ),
        sender=say(
            "Turn on the login for outgoing mail (SMTP), with your full address and the password "
            "of the mailbox, port 587 or 465, encrypted."
        ),
        recipient=say("Nothing; the sending side has to sign in."),
        postmaster=say(
            "If many such tries come from one foreign address, somebody is guessing passwords: "
            "slow it down or lock it out."
        ),
    ),
    Reason.RELAY_DENIED: Guide(
        title=say("The server is not responsible for that domain"),
        meaning=say(
            "The server that was asked takes neither mail for the recipient's domain nor mail from "
            "this sender to others. If it did, anybody could misuse it to send spam."
        ),
        causes=(
            say("The mail program is not signed in for outgoing mail."),
            say("The domain's MX record names a server that does not know the domain."),
            say("The domain was moved, and one of the servers was not told."),
        ),
        sender=say(
            "If you sent it with a mail program, turn on the login for outgoing mail. If you did, "
            "tell the recipient that their server refuses mail for their own domain."
        ),
        recipient=say(
            "Ask whoever looks after your domain whether its MX record names the right server, and "
            "whether that server knows your domain."
        ),
        postmaster=say(
            "Add the domain to those that the server takes mail for, or correct the MX record. For "
            "mail of your own people see that they sign in."
        ),
    ),
}
