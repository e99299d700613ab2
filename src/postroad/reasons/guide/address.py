"""Reasons that lie with the address that the message was for."""

from __future__ import annotations

from postroad.model.text import say
from postroad.reasons.guide.guide import Guide
from postroad.reasons.reason import Reason

ADDRESS: dict[Reason, Guide] = {
    Reason.MAILBOX_UNKNOWN: Guide(
        title=say("No such mailbox"),
        meaning=say(
            "The receiving server is the right one for this domain, but it knows nobody of that "
            "name. It refused the message, so it did not reach anybody."
        ),
        causes=(
            say("A typing mistake in the part of the address before the @."),
            say("The person has left, and the mailbox was deleted."),
            say("An old entry in an address book, or one that a mail program completed."),
            say("The mailbox is new, and the receiving server does not know it yet."),
        ),
        sender=say(
            "Compare the address letter by letter, and delete the entry that your mail program "
            "offers. If it looks right, ask the recipient in another way, by telephone for "
            "instance. Sending it again to the same address changes nothing."
        ),
        recipient=say(
            "If the address is meant to exist, ask whoever runs your mail to create the mailbox or "
            "an alias, which is a second address for it."
        ),
        postmaster=say(
            "Take addresses that answer like this off mailing lists at once: writing to them again "
            "costs reputation. On the receiving side, see whether the mailbox or alias exists "
            "everywhere, on a second mail server too."
        ),
    ),
    Reason.MAILBOX_FULL: Guide(
        title=say("Mailbox full"),
        meaning=say(
            "The address is right, but the mailbox has used up the room it may take. As long as "
            "nothing is deleted there, no new mail goes in."
        ),
        causes=(
            say("Large attachments, or years of mail that was never deleted."),
            say("Full folders for spam and deleted mail: they count too."),
            say("A mailbox that nobody reads any more."),
        ),
        sender=say(
            "Tell the recipient in another way. The server tries again by itself for some days; if "
            "it gives up, send the message again when there is room."
        ),
        recipient=say(
            "Empty the folders for spam and deleted mail first, then delete or save large "
            "messages. Or ask your provider for more room."
        ),
        postmaster=say(
            "Raise the mailbox's quota, which is the room it may take, or warn its owner before it "
            "is full. A mailbox that has been full for weeks is most likely abandoned."
        ),
    ),
    Reason.MAILBOX_DISABLED: Guide(
        title=say("Mailbox disabled"),
        meaning=say(
            "The mailbox exists, but it is switched off: suspended, locked, or not used for a long "
            "time. The receiving server takes no mail for it."
        ),
        causes=(
            say("The provider locked it, because of an unpaid bill or because it sent spam."),
            say("Nobody has signed in to it for months."),
            say("The person has left, and the mailbox was kept but closed."),
        ),
        sender=say("Ask the recipient in another way for an address that works."),
        recipient=say(
            "Sign in to the mailbox, which wakes up some that were unused. If that does not help, "
            "ask your provider why it was switched off."
        ),
        postmaster=say(
            "Treat it on mailing lists like an address that does not exist. On the receiving side, "
            "look for why the account is suspended before you open it again."
        ),
    ),
    Reason.MOVED: Guide(
        title=say("Moved to another address"),
        meaning=say(
            "The recipient does not use this address any more and has another one. Some servers "
            "name it in their answer; the message itself was not passed on."
        ),
        causes=(
            say("A new employer, a new name, or another provider."),
            say("A company that changed its domain."),
        ),
        sender=say(
            "Read the answer of the server: it may hold the new address. Otherwise ask the "
            "recipient in another way, and change your address book."
        ),
        recipient=say(
            "If mail to the old address should still reach you, ask whoever runs it for a forward."
        ),
        postmaster=say(
            "Change the address on mailing lists only if the recipient confirms it: an answer "
            "could be wrong."
        ),
    ),
    Reason.RECIPIENT_RULE: Guide(
        title=say("Refused by a rule of the recipient"),
        meaning=say(
            "The mailbox exists and could take the message, but a rule that its owner made, such "
            "as a filter or a list of blocked senders, sends it back."
        ),
        causes=(
            say("A filter rule that refuses certain senders, subjects or attachments."),
            say("The recipient has blocked the sender's address or domain."),
            say("A rule that was made long ago and meant for somebody else."),
        ),
        sender=say(
            "Read what the answer says: the recipient may have written it. If you think that it is "
            "a mistake, ask them in another way."
        ),
        recipient=say(
            "Look at your filter rules and your blocked senders in the settings of your mailbox."
        ),
        postmaster=say(
            "Nothing is wrong with either server. If it was a mistake, the owner of the mailbox "
            "can change the rule (Sieve, or Exim's filter file)."
        ),
    ),
    Reason.RESTRICTED: Guide(
        title=say("Only certain senders are allowed"),
        meaning=say(
            "The address exists, but it takes mail from chosen senders only, such as the members "
            "of a mailing list or the people of one company."
        ),
        causes=(
            say("A mailing list that only its members may write to."),
            say("An internal address of a company, written to from outside."),
            say("The recipient has blocked this sender, or allows known ones only."),
        ),
        sender=say(
            "Write from the address that is a member, or ask the recipient or the owner of the "
            "list to allow yours."
        ),
        recipient=say(
            "Put the sender on your list of allowed senders, and see whether a rule of yours "
            "blocks them."
        ),
        postmaster=say(
            "Look at who may write to that list or group, and whether the restriction to members "
            "is still meant."
        ),
    ),
    Reason.HOST_NOT_FOUND: Guide(
        title=say("Domain not found"),
        meaning=say(
            "The part of the address behind the @ could not be looked up in the DNS, the "
            "Internet's directory of names. Without it nobody knows which server to bring the "
            "message to."
        ),
        causes=(
            say("A typing mistake behind the @, such as a missing letter or a wrong ending."),
            say("The domain has expired or was given up."),
            say("The domain's directory entries are wrong, or its name servers do not answer."),
        ),
        sender=say(
            "Compare the part behind the @ letter by letter. If it is right, ask the recipient for "
            "another address, and tell them that their domain cannot be found."
        ),
        recipient=say(
            "Ask whoever looks after your domain whether it is paid for and whether its MX record, "
            "which names the mail server, is right."
        ),
        postmaster=say(
            "Look up MX, A and AAAA records from elsewhere too. If they are found there, this "
            "server's own DNS resolver is the trouble; with many domains at once it nearly always "
            "is."
        ),
    ),
    Reason.NO_MAIL_SERVICE: Guide(
        title=say("The domain takes no mail"),
        meaning=say(
            "The domain exists, but it says of itself that it takes no mail at all. That is meant, "
            "not a fault that passes."
        ),
        causes=(
            say("A typing mistake that hit another domain which exists."),
            say("A domain that is used for a web site only."),
            say("An address of the kind “no-reply”, which was never meant to be written to."),
        ),
        sender=say("Look at the part behind the @, and ask the recipient for another address."),
        recipient=say("Give people an address of a domain that takes mail."),
        postmaster=say(
            "The domain has a “null MX” record (RFC 7505). If it is to take mail, replace that "
            "with an MX record that names a mail server."
        ),
    ),
}
