"""The statement: what a log shows of one delivery, and what it does not. Pure.

It promises no more than the log knows. A server that accepted a message is not a person who read
it, and a signature shows that nothing was changed since, not that it was true.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from postroad.model import when
from postroad.model.delivery import Delivery
from postroad.model.status import Status
from postroad.model.text import Text, say, say_many
from postroad.queries import Detail
from postroad.queries.handed import Wish

_NEVER = 5


class Said(NamedTuple):
    """The statement in English, to be put into another language."""

    headline: Text
    shows: list[Text]
    does_not_show: list[Text]
    masked: list[Text]


def statement(found: Detail, wish: Wish, *, at: int, zone: ZoneInfo, cut: int) -> Said:
    """What is to be said of a delivery that is handed on.

    `at` is now; `cut` is how many lines and attempts were too many for the document.
    """
    case = _Case(found, at, zone)
    headline, shows, does_not = _outcome(case)
    return Said(
        headline,
        [*shows, *_circumstances(case)],
        [*does_not, *_limits(case)],
        list(_masked(found, wish, cut)),
    )


class _Case:
    """A delivery, and the words that are made of it."""

    def __init__(self, found: Detail, at: int, zone: ZoneInfo) -> None:
        self.found = found
        self.row: Delivery = found.delivery
        self._zone = zone
        self.made = self.moment(at)
        self.last = self.moment(self.row.last_attempt_at or self.row.sent_at or self.row.first_at)
        self.to = {"recipient": self.row.recipient, "time": self.last}

    def moment(self, at: int) -> Text:
        """A time with its zone."""
        if not at:
            return say("a time that the log does not tell")
        return say("{time} ({zone})", time=when.local(at, self._zone), zone=self.zone(at))

    def zone(self, at: int) -> str:
        """The zone's name and offset then."""
        return when.named(self._zone, at)

    @property
    def host(self) -> str:
        """The other server by its name, its address or both; empty where there was none."""
        name, ip = self.row.remote_host, self.row.remote_ip
        return f"{name} [{ip}]" if name and ip and name != ip else name or ip


def _outcome(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    """Headline, what is shown and what is not, by what became of it."""
    match case.row.status:
        case Status.DELIVERED:
            return _accepted(case) if case.host and not case.row.mailbox else _stored(case)
        case Status.IN_PROGRESS:
            return _in_progress(case)
        case Status.DEFERRED:
            return _deferred(case)
        case Status.FAILED:
            return _failed(case)
        case Status.REJECTED:
            return _rejected(case)
        case Status.BLOCKED:
            return _blocked(case)
        case Status.FILTERED:
            return _filtered(case)
    assert_never(case.row.status)


def _accepted(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    return (
        say("Accepted by the server {host}", host=case.host),
        [
            say(
                "On {time} the server {host} accepted the message for {recipient}; its reply is "
                "quoted below.",
                host=case.host,
                **case.to,
            ),
            say(
                "By accepting a message a server takes over the duty to deliver it or to report "
                "that it could not (RFC 5321, section 6.1)."
            ),
        ],
        [
            say("That a person received, opened or read the message."),
            say(
                "What the server {host} did with it afterwards: whether it was put into the inbox, "
                "into a spam folder, sent on, or thrown away.",
                host=case.host,
            ),
        ],
    )


def _stored(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    if case.row.mailbox:
        what = say(
            "On {time} the mail server {server} stored the message for {recipient} in the folder "
            "“{folder}” of the mailbox.",
            server=case.row.host,
            folder=case.row.mailbox,
            **case.to,
        )
    else:
        what = say(
            "On {time} the mail server {server} delivered the message for {recipient} to where its "
            "mail is kept or sent on.",
            server=case.row.host,
            **case.to,
        )
    return (
        say("Delivered on the server {server}", server=case.row.host),
        [what],
        [
            say("That a person opened or read the message."),
            say("Whether it was moved, sent on or deleted afterwards."),
        ],
    )


def _in_progress(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    return (
        say("Taken by the server {server}; nothing final was known", server=case.row.host),
        [
            say(
                "The mail server {server} had the message for {recipient}, and when this document "
                "was made, on {made}, its log told nothing final of it.",
                server=case.row.host,
                recipient=case.row.recipient,
                made=case.made,
            )
        ],
        [
            say("That the message reached another server or a mailbox."),
            say("What became of it after this document was made."),
        ],
    )


def _deferred(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    values = {"server": case.row.host, "host": case.host, **case.to}
    if case.host and case.row.smtp_code:
        what = say(
            "On {time} the server {host} answered the try to hand over the message for "
            "{recipient} with “later”; its reply is quoted below.",
            **values,
        )
    elif case.host:
        what = say(
            "On {time} the mail server {server} tried to hand the message for {recipient} to "
            "{host}, which did not take it; why is quoted below.",
            **values,
        )
    else:
        what = say(
            "On {time} the mail server {server} put off the delivery of the message for "
            "{recipient}; why is quoted below.",
            **values,
        )
    return (
        say("Not delivered when this document was made"),
        [
            what,
            say(
                "When this document was made, on {made}, the log told of no delivery, and the mail "
                "server was to try again.",
                made=case.made,
            ),
        ],
        [
            say("That the message will not be delivered: it may have been, later."),
            say("What became of it after this document was made."),
        ],
    )


def _failed(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    values = {"server": case.row.host, "host": case.host, **case.to}
    if case.host and case.row.smtp_code // 100 == _NEVER:
        what = say(
            "On {time} the server {host} refused the message for {recipient} for good; its reply "
            "is quoted below.",
            **values,
        )
    elif case.host:
        what = say(
            "On {time} the mail server {server} gave up the message for {recipient}; it had tried "
            "{host} last.",
            **values,
        )
    else:
        what = say(
            "On {time} the mail server {server} gave up the message for {recipient}; why is quoted "
            "below.",
            **values,
        )
    shows = [what]
    if case.row.bounced_as:
        shows.append(say("The mail server {server} wrote a notification to its sender.", **values))
    return (
        say("Not delivered"),
        shows,
        [
            say("That the sender got or read a notification of it."),
            say("That no other copy reached the recipient, by another server or another way."),
            say("Whether the reason given by the other side is true."),
        ],
    )


def _rejected(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    return (
        say("Refused by the server {server}", server=case.row.host),
        [
            say(
                "On {time} the mail server {server} refused the message for {recipient} when it "
                "was offered; it never took it over. Its reply is quoted below.",
                server=case.row.host,
                **case.to,
            )
        ],
        [
            say("That it was offered by the person or company that the sender's address names."),
            say("That whoever offered it told its sender, or did not try again."),
        ],
    )


def _blocked(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    return (
        say("Not let out by the server {server}", server=case.row.host),
        [
            say(
                "On {time} the mail server {server} did not let the message for {recipient} out, "
                "by a rule of its own; no other server was given it.",
                server=case.row.host,
                **case.to,
            )
        ],
        [
            say("That the sender was told, or read what they were told."),
            say("What became of it after this document was made."),
        ],
    )


def _filtered(case: _Case) -> tuple[Text, list[Text], list[Text]]:
    values = {"server": case.row.host, "folder": case.row.mailbox, **case.to}
    if case.row.mailbox:
        what = say(
            "On {time} the mail server {server} stored the message for {recipient} in the folder "
            "“{folder}”, and not in the inbox.",
            **values,
        )
    else:
        what = say(
            "On {time} the mail server {server} accepted the message for {recipient} and kept it "
            "out of the inbox: it was thrown away or put aside.",
            **values,
        )
    return (
        say("Accepted, but kept out of the inbox"),
        [what],
        [
            say("That a person saw the message, or could have seen it."),
            say("That the message was what the filter took it for."),
            say("Whether it was taken out of there afterwards."),
        ],
    )


def _circumstances(case: _Case) -> Iterator[Text]:
    row = case.row
    if row.status not in (Status.REJECTED, Status.BLOCKED) and case.host:
        if row.tls:
            yield say(
                "The connection to {host} was encrypted ({tls}).", host=case.host, tls=row.tls
            )
        else:
            yield say(
                "The log does not say whether the connection to {host} was encrypted.",
                host=case.host,
            )
    if row.knocks:
        yield say_many(
            "Before it was let in it was refused once for now (greylisting), on {time}.",
            "Before it was let in it was refused {count} times for now (greylisting), first on "
            "{time}.",
            row.knocks,
            time=case.moment(row.knocked_at),
        )
    if row.user and row.auth:
        yield say(
            "Whoever submitted it had signed in to the mail server {server} with the account of "
            "{user}.",
            server=row.host,
            user=row.user,
        )
    if found := case.found.receipts:
        yield say_many(
            "One receipt came back. It proves no more than that whoever wrote it says so.",
            "{count} receipts came back. They prove no more than that whoever wrote them says so.",
            len(found),
        )


def _limits(case: _Case) -> Iterator[Text]:
    row = case.row
    yield say("What the message said: a log holds no content.")
    if not (row.user and row.auth):
        yield say("That the person or company that the sender's address names sent it.")
    yield say(
        "That the log of {server} was true. The signature shows that this document was made by the "
        "holder of the key and not changed since.",
        server=row.host,
    )


def _masked(found: Detail, wish: Wish, cut: int) -> Iterator[Text]:
    yield say(
        "Addresses of others than the sender and this recipient read •••@•••, and lines that are "
        "about other recipients only are left out."
    )
    if not wish.shows_subject:
        yield say("The subject is left out.")
    if not wish.shows_local_parts:
        yield say("Of the sender's and the recipient's name only the first character is shown.")
    if cut:
        yield say_many(
            "One attempt or log line is left out, for there were too many.",
            "{count} attempts and log lines are left out, for there were too many.",
            cut,
        )
    if not found.log_lines:
        yield say("The log lines were not kept any more when this document was made.")
