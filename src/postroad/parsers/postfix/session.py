"""Sessions of Postfix: TLS, connections, and all that is said about no message.

`SessionTls` is the one thing here that a message needs, as its own lines do not tell of TLS: the
process id joins them. Everything else is known and put aside.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, SessionTls
from postroad.parsers.postfix.line import NOQUEUE, Origin, Read, Sample, peer
from postroad.parsers.prefix import Prefix


def outgoing(head: Prefix, origin: Origin, text: str) -> Read:
    """Read a line of smtp(8) or lmtp(8) that names no message."""
    return tls(head, origin, text) or _known(text, _CLIENT)


def incoming(head: Prefix, origin: Origin, text: str) -> Read:
    """Read a line of smtpd(8) that names no message."""
    return _known(text, _SERVER) or tls(head, origin, text)


def tls(head: Prefix, origin: Origin, text: str) -> SessionTls | None:
    """Read `Trusted TLS connection established to H[IP]:25: TLSv1.3 with cipher C (...)`."""
    found = _TLS.match(text)
    if not found:
        return None
    way, host, ip, port, what = found.groups()
    host, ip = peer(host, ip)
    return SessionTls(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        pid=head.pid,
        peer_host=host,
        peer_ip=ip,
        peer_port=int(port) if port else None,
        outgoing=way == "to",
        tls=what,
    )


def background(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read a line of a daemon that never speaks of a message: master, anvil, tlsproxy and kin."""
    del head, origin
    return _known(text, _BACKGROUND) if not queue_id else None


def remark(text: str) -> Read:
    """Tell whether a line without a queue id is one that any daemon may write."""
    return _known(text, ())


def _known(text: str, beginnings: tuple[str, ...]) -> Read:
    if text.startswith(beginnings) or text.startswith(_ANY) or _ABOUT_PEER.match(text):
        return NOISE
    return None


#: What any daemon may say (master/*_server.c, tls/, util/).
_ANY = (
    "table ",
    "statistics: ",
    "cache ",
    "reload ",
    "Compiled against OpenSSL",
    "SSL_",
    "TLS ",
    "certificate ",
    "CA certificate ",
    "setting up TLS connection ",
    "initializing the ",
    "looking up session ",
    "lookup ",
    "save session ",
    "saving session ",
    "remove session ",
    "reusing ",
    "re-using session ",
    "subject_CN=",
    "fingerprint=",
    "issuer=",
    "dict_",
    "connection established",
    "master_notify",
    "name_mask",
    "> ",
    "< ",
    "DNSSEC ",
    "idle timeout ",
    "using backwards-compatible default setting",
    "Using backwards-compatible default setting",
    "no cipher",
    "discarding EHLO keywords",
    "disabling TLS ",
    "enabling TLS ",
)
_SERVER = (
    "connect from ",
    "disconnect from ",
    "lost connection after ",
    "timeout after ",
    "too many errors after ",
    "improper command pipelining after ",
    "bare <LF> received ",
    "bare <CR> received ",
    "NOQUEUE: lost connection ",
    "NOQUEUE: timeout ",
    "delaying ",
    "abort all TLS",
    "end of SASL ",
    "xsasl_",
    "match_",
    "unused: ",
    "smtp_stream_setup",
    "auto_clnt_",
    "attr_",
    "send attr ",
    "input attribute ",
)
_CLIENT = (
    "connect to ",
    "lost connection with ",
    "conversation with ",
    "host ",
    "Host offered STARTTLS",
    "Server certificate ",
    "non-DANE ",
    "DANE ",
    "network address conversion",
    "name ",
)
_BACKGROUND = (
    # What master(8), postfix-script and postlogd(8) say.
    "daemon started ",
    "terminating on signal ",
    "the Postfix mail system is ",
    "starting the Postfix mail system",
    "stopping the Postfix mail system",
    "refreshing the Postfix mail system",
    "aborting the Postfix mail system",
    "waiting for the Postfix mail system",
    "stopped",
    "All active postfix daemons",
    "set-permissions",
    "logfile rotation",
    # What postscreen(8), tlsproxy(8) and dnsblog(8) say.
    "CONNECT ",
    "DISCONNECT ",
    "PASS ",
    "PREGREET ",
    "HANGUP ",
    "DNSBL ",
    "WHITELIST",
    "ALLOWLIST",
    "BLACKLIST",
    "DENYLIST",
    "COMMAND ",
    "NON-SMTP COMMAND ",
    "BARE NEWLINE ",
    "BARE LF ",
    "addr ",
    "entering STRESS mode",
    "leaving STRESS mode",
    "close database ",
    "Anonymous TLS ",
    "Untrusted TLS ",
    "Trusted TLS ",
    "Verified TLS ",
    # What postsuper(1) and the other commands say.
    "Deleted: ",
    "Requeued: ",
    "Placed on hold: ",
    "Released from hold: ",
    "Expired: ",
    "Force-expired: ",
    "Renamed to match inode number",
    "Name mismatch",
    "Fixed ",
    "scanning ",
)
_TLS = re.compile(
    r"(?:[A-Z][a-z]+ )?TLS connection (?:established|reused) (from|to) "
    r"([^\s\[]*)\[([^\s\]]*)\](?::(\d{1,5}))?(?: to [^\s:]*)?: "
    r"(\S+ with cipher \S+(?: \([^)]*\))?)",
    re.ASCII,
)
#: `mx.example.net[192.0.2.1]:25: depth=0 verify=1 ...` at higher levels of TLS logging.
_ABOUT_PEER = re.compile(r"[^\s\[:]*\[[^\s\]]*\](?::\d+)?: ", re.ASCII)

_HELLO = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
#: Lines this module must understand.
SAMPLES = (
    Sample(
        "smtp",
        f"Trusted TLS connection established to mx.ex.test[192.0.2.7]:25: {_HELLO} key-exchange "
        "X25519 server-signature ECDSA (P-256) server-digest SHA256",
        SessionTls,
        {
            "outgoing": True,
            "peer_host": "mx.ex.test",
            "peer_ip": "192.0.2.7",
            "peer_port": 25,
            "tls": _HELLO,
        },
    ),
    Sample(
        "submission/smtpd",
        f"Anonymous TLS connection established from unknown[2001:db8::5] to mail.ex.test: {_HELLO}",
        SessionTls,
        {"outgoing": False, "peer_host": "", "peer_ip": "2001:db8::5", "tls": _HELLO},
    ),
    *(
        Sample(daemon, text, type(NOISE), {})
        for daemon, text in (
            ("smtpd", "connect from mx.ex.test[192.0.2.7]"),
            ("smtpd", "disconnect from unknown[unknown] commands=0/0"),
            ("smtpd", "lost connection after DATA (77 bytes) from unknown[192.0.2.7]"),
            ("smtpd", f"{NOQUEUE}: lost connection after CONNECT from unknown[192.0.2.7]"),
            ("smtpd", "warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dv"),
            ("smtpd", "warning: hostname x.ex.test does not resolve to address 192.0.2.7"),
            ("smtp", "connect to mx.ex.test[192.0.2.7]:25: Connection refused"),
            ("smtp", "SSL_connect error to mx.ex.test[192.0.2.7]:25: lost connection"),
            ("postscreen", "PREGREET 14 after 0.1 from [192.0.2.7]:5001: EHLO x\\r\\n"),
            ("anvil", "statistics: max cache size 1 at Oct 26 18:13:50"),
            ("master", "daemon started -- version 3.7.11, configuration /etc/postfix"),
            ("master", "warning: process /usr/lib/postfix/sbin/smtpd pid 77 killed by signal 11"),
        )
    ),
)
