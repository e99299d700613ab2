"""Facts about a session: said before its messages, true of each of them, and stored with them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from postroad import parsers
from postroad.correlate import Correlator
from postroad.model.event import Noise

SENDMAIL = """\
Mar  2 10:20:01 mx7 sm-mta[500]: AUTH=server, relay=[203.0.113.9], authid=carol, mech=PLAIN, bits=0
Mar  2 10:20:03 mx7 sm-mta[500]: 622AK3aa000500: from=<a@x.example>, size=7, class=0, nrcpts=1, \
proto=ESMTPSA, daemon=MSA, relay=[203.0.113.9]
Mar  2 10:20:05 mx7 sm-mta[501]: STARTTLS=client, relay=mx.y.example., version=TLSv1.3, verify=OK, \
cipher=C, bits=256/256
Mar  2 10:20:06 mx7 sm-mta[501]: 622AK3aa000500: to=<b@y.example>, delay=00:00:03, mailer=esmtp, \
pri=1, relay=mx.y.example. [198.51.100.9], dsn=2.0.0, stat=Sent (ok)
"""
OPENSMTPD = """\
Mar  2 10:20:00 mx6 smtpd[1]: 4357a0390d3d7001 smtp connected address=203.0.113.9 host=l.x.example
Mar  2 10:20:01 mx6 smtpd[1]: 4357a0390d3d7001 smtp authentication user=carol result=ok
Mar  2 10:20:02 mx6 smtpd[1]: 4357a0390d3d7001 smtp message msgid=105c9bc5 size=3 nrcpt=1 proto=ESMTP
Mar  2 10:20:02 mx6 smtpd[1]: 4357a0390d3d7001 smtp envelope evpid=105c9bc543ea8cf5 \
from=<a@x.example> to=<b@y.example>
Mar  2 10:20:03 mx6 smtpd[1]: 4357a0390d3d7003 mta connecting address=smtp://198.51.100.9:25 \
host=mx.y.example
Mar  2 10:20:03 mx6 smtpd[1]: 4357a0390d3d7003 mta tls ciphers=C
Mar  2 10:20:04 mx6 smtpd[1]: 4357a0390d3d7003 mta delivery evpid=105c9bc543ea8cf5 \
from=<a@x.example> to=<b@y.example> rcpt=<-> source="-" relay="198.51.100.9 (mx.y.example)" \
delay=2s result="Ok" stat="250 ok"
"""


@pytest.mark.parametrize(("server", "log"), [("sendmail", SENDMAIL), ("opensmtpd", OPENSMTPD)])
def test_the_stored_lines_of_a_message_are_enough(server: str, log: str) -> None:
    """Read again alone, in the store's order, the lines of a message say the same as the log."""

    def told(lines: list[str]) -> tuple[object, list[str]]:
        reader = parsers.reader(
            server, host="mx", zone=ZoneInfo("UTC"), newest=1_775_000_000_000_000
        )
        correlator = Correlator()
        for line in lines:
            event = reader.read(line)
            if event is not None and not isinstance(event, Noise):
                correlator.feed(event, line)
        correlator.flagged()
        batch = correlator.drain()
        [row] = batch.deliveries
        return (row.user, row.client_ip, row.tls, row.status), [each.text for each in batch.lines]

    first, stored = told(log.splitlines())
    assert "carol" in first
    assert told(sorted(stored, key=lambda line: (line[:15], line)))[0] == first
