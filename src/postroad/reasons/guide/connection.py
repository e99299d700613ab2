"""Reasons that lie between the two servers, or with the other one."""

from __future__ import annotations

from postroad.model.text import say
from postroad.reasons.guide.guide import Guide
from postroad.reasons.reason import Reason

_WAIT = say("Wait: the server tries again by itself for some days.")

CONNECTION: dict[Reason, Guide] = {
    Reason.CONNECTION_REFUSED: Guide(
        title=say("Nobody answers the door"),
        meaning=say(
            "The other machine was found, but no mail server answers there. The message was not "
            "handed over to anybody, so nobody on the other side knows of it."
        ),
        causes=(
            say("The other mail server is being restarted or repaired."),
            say("A firewall there turns this server away."),
            say("The domain leads to a machine that is no mail server."),
        ),
        sender=_WAIT,
        recipient=say("Ask whoever runs your mail whether the server is up."),
        postmaster=say(
            "Try port 25 of that host from elsewhere. If it answers there, a firewall turns this "
            "server away; if not, see whether the MX record is right."
        ),
    ),
    Reason.CONNECTION_TIMED_OUT: Guide(
        title=say("No answer in time"),
        meaning=say(
            "The other server did not answer, or stopped answering in the middle. Often it was "
            "never reached at all."
        ),
        causes=(
            say("The other server is down or overloaded."),
            say("A firewall on one of the two sides swallows the connection."),
            say("The network between the two is disturbed."),
            say("This server's provider does not let it send mail on port 25."),
        ),
        sender=_WAIT,
        recipient=say("Ask whoever runs your mail whether the server can be reached from outside."),
        postmaster=say(
            "If it happens with many domains, it is this server's network: see the firewall and "
            "whether port 25 is open outwards. With large messages only, look at the MTU."
        ),
    ),
    Reason.CONNECTION_LOST: Guide(
        title=say("The connection broke"),
        meaning=say(
            "The two servers were talking when the connection ended. The message counts as not "
            "handed over, although in rare cases it was, and then arrives twice."
        ),
        causes=(
            say("The other server was restarted or has too much to do."),
            say("It hangs up on senders that it does not like, without saying why."),
            say("A firewall or scanner in between cuts it off."),
        ),
        sender=_WAIT,
        recipient=say("Nothing, unless it lasts: then tell whoever runs your mail."),
        postmaster=say(
            "Compare the logs of both sides at that time. If it always breaks at the same point, a "
            "scanner, a firewall or TLS is the likely cause."
        ),
    ),
    Reason.NO_ROUTE: Guide(
        title=say("No way through the network"),
        meaning=say(
            "There is no way through the network from this server to the other one at the moment, "
            "so it could not be asked."
        ),
        causes=(
            say("The other side only has an IPv6 address, and this server only IPv4."),
            say("A fault in this server's network, or at a provider in between."),
        ),
        sender=_WAIT,
        recipient=say("Nothing; the network has to be mended."),
        postmaster=say(
            "See whether other hosts can be reached, and by which protocol. If this server has no "
            "IPv6, tell it not to try."
        ),
    ),
    Reason.TLS_FAILED: Guide(
        title=say("No encrypted connection"),
        meaning=say(
            "The message is only to travel over an encrypted connection, and none came about. It "
            "was not sent rather than sent in the open."
        ),
        causes=(
            say("The certificate of the other server has expired or bears another name."),
            say("One of the two sides is so old that they share no way to encrypt."),
            say("A rule (MTA-STS or DANE) that does not fit the server any more."),
        ),
        sender=_WAIT,
        recipient=say(
            "Tell whoever runs your mail that others cannot send to it over an encrypted "
            "connection."
        ),
        postmaster=say(
            "Compare certificate, host name and TLS versions of both sides, and the domain's "
            "MTA-STS policy or TLSA records."
        ),
    ),
    Reason.REMOTE_TROUBLE: Guide(
        title=say("Trouble on the other side"),
        meaning=say(
            "The receiving server says itself that something there does not work at the moment. It "
            "has nothing to do with the message or its sender."
        ),
        causes=(
            say("A full disk, or a part of the server that is not running."),
            say("Maintenance."),
            say("A wrong setting after a change."),
        ),
        sender=_WAIT,
        recipient=say("Ask whoever runs your mail whether they know of it."),
        postmaster=say(
            "If it lasts for hours, send the answer to the postmaster of that domain, who may not "
            "have noticed."
        ),
    ),
}
