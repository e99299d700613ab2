"""The closed list of reasons why mail was refused or is late."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why an attempt failed, or mail was refused. Values are stored: append, never renumber."""

    #: Nothing that we know how to read says why.
    UNKNOWN = 0
    #: There is no such mailbox.
    MAILBOX_UNKNOWN = 1
    #: The recipient's mailbox is full.
    MAILBOX_FULL = 2
    #: The mailbox exists, but is disabled, suspended or unused for long.
    MAILBOX_DISABLED = 3
    #: The recipient has another address now.
    MOVED = 4
    #: The first try from an unknown sender is always told to come back.
    GREYLISTED = 5
    #: Too much mail, or too many connections, in too short a time.
    RATE_LIMITED = 6
    #: The sending address, domain or network is not trusted.
    SENDER_REPUTATION = 7
    #: The sending host is on a public or private block list.
    BLOCKLISTED = 8
    #: SPF, DKIM or DMARC do not prove that the mail comes from where it says.
    AUTHENTICATION_FAILED = 9
    #: The sending host's name, reverse name or HELO is missing or does not fit.
    REVERSE_DNS = 10
    #: The content was taken for spam.
    SPAM = 11
    #: A virus or other malware was found.
    VIRUS = 12
    #: An attachment or the form of the content is not accepted.
    CONTENT_REFUSED = 13
    #: The server does not handle mail for this domain, or not for this client.
    RELAY_DENIED = 14
    #: The recipient's domain or mail host cannot be found in the DNS.
    HOST_NOT_FOUND = 15
    #: The domain says that it takes no mail at all.
    NO_MAIL_SERVICE = 16
    #: The other host is there, but nothing listens.
    CONNECTION_REFUSED = 17
    #: The other host did not answer in time.
    CONNECTION_TIMED_OUT = 18
    #: The connection broke in the middle.
    CONNECTION_LOST = 19
    #: There is no way through the network to the other host.
    NO_ROUTE = 20
    #: TLS is required and could not be had, or the certificate does not fit.
    TLS_FAILED = 21
    #: The message is larger than allowed.
    MESSAGE_TOO_LARGE = 22
    #: A rule of the refusing server, not further explained.
    POLICY = 23
    #: The other server has trouble of its own.
    REMOTE_TROUBLE = 24
    #: This server has trouble: a lookup, a file, a program failed.
    LOCAL_TROUBLE = 25
    #: A limit of this server for outgoing mail was reached.
    OWN_LIMIT = 26
    #: The mail goes round in circles.
    LOOP = 27
    #: It was tried for as long as the server is told to try.
    EXPIRED = 28
    #: The sender's address is not accepted.
    SENDER_REJECTED = 29
    #: The client must log in first, or the login failed.
    AUTH_REQUIRED = 30
    #: A command or the message breaks the protocol's rules.
    BAD_PROTOCOL = 31
    #: An operator of this server removed it.
    OPERATOR_REMOVED = 32
    #: The recipient takes mail from certain senders only.
    RESTRICTED = 33
    #: A rule that the recipient made for their own mail refuses it.
    RECIPIENT_RULE = 34

    @property
    def word(self) -> str:
        """The public name: `mailbox_full`."""
        return self.name.lower()
