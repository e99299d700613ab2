"""Lines of no message."""

from __future__ import annotations

from postroad.model.event import Noise
from postroad.parsers.exim.samples.sample import Sample

#: The text behind the stamp.
OF_NO_MESSAGE: tuple[Sample, ...] = tuple(
    (text, Noise, {})
    for text in (
        "SMTP connection from [192.0.2.10]:1 (TCP/IP connection count = 3)",
        "SMTP connection from mail.example.com [192.0.2.10] D=0.3s closed by QUIT",
        "SMTP connection Ci=12 from root D=1s closed by QUIT",
        (
            "SMTP connection identification H=localhost A=127.0.0.1 P=40000 U=shop ID=1001 "
            "S=shop B=local"
        ),
        "SMTP command timeout on TLS connection from [192.0.2.10] D=5m",
        (
            "SMTP data timeout (message abandoned) on connection from (x) [192.0.2.10] "
            "F=<a@example.com> D=5m"
        ),
        (
            "SMTP protocol synchronization error (input sent without waiting for greeting): "
            'rejected connection from H=[192.0.2.10] input="GET / HTTP/1.1\\r\\n"'
        ),
        (
            'SMTP protocol error in "AUTH LOGIN" H=(x) [192.0.2.10] AUTH command used when not '
            "advertised"
        ),
        'SMTP syntax error in "MAIL FROM: => x" H=(x) [192.0.2.10] malformed address',
        'SMTP call from [192.0.2.10] dropped: too many nonmail commands (last was "RSET")',
        "no MAIL in SMTP connection from [192.0.2.10] D=0s C=EHLO,QUIT",
        "no host name found for IP address 192.0.2.10",
        "no IP address found for host x.example (during SMTP connection from [192.0.2.10])",
        "unexpected disconnection while reading SMTP command from (x) [192.0.2.10] D=1s",
        "TLS error on connection from (x) [192.0.2.10] (gnutls_handshake): timed out",
        "Start queue run: pid=77 -qf",
        "End 'slow' queue run: pid=77",
        "exim 4.98 daemon started: pid=1, -q30m, listening for SMTP on port 25 (IPv4)",
        "cwd=/root 3 args: exim -bp x",
        (
            "dovecot_login authenticator failed for (x) [192.0.2.10]: 535 Incorrect "
            "authentication data (set_id=ann@example.com)"
        ),
        "refused connection from [192.0.2.10] (host_reject_connection)",
        "temporarily refused connection from [192.0.2.10]: not in reserve list",
        "Connection from [192.0.2.10] refused: too many connections",
        'H=(x) [192.0.2.10] temporarily rejected connection in "connect" ACL: "slow down"',
        "H=(x) [192.0.2.10] rejected EHLO or HELO x y: syntactically invalid argument(s)",
        "H=(x) [192.0.2.10] rejected AUTH plain: STARTTLS required",
        "H=(x) [192.0.2.10] sender verify fail for <ann@example.com>: rejected RCPT <a@b>",
        "H=(x) [192.0.2.10] Warning: odd helo",
        (
            "H=(x) [192.0.2.10] incomplete transaction (QUIT) from <ann@example.com> for "
            "bob@example.org"
        ),
        "rejected EHLO from [192.0.2.10]: syntactically invalid argument(s): a b",
        "ignoring AUTH=x@example.com from H=(x) [192.0.2.10] (client not authenticated)",
        "[192.0.2.10] SSL verify error: depth=0 error=self signed certificate cert=/CN=x",
        "VRFY failed for <bob@example.org> H=(x) [192.0.2.10]",
        "Ci=12 SMTP connection from [192.0.2.10] closed by QUIT",
        "Warning: purging the environment.",
        "",
    )
)
