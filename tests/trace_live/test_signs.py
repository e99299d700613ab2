"""What our own logs tell of a domain: selectors of DKIM keys, addresses that mail left from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from postroad.ingest import Importer
from postroad.model import when
from postroad.model.scope import Scope
from postroad.services import signs
from postroad.state import State

_EARLIER = datetime.now(UTC) - timedelta(hours=1)


def _log() -> str:
    at = _EARLIER.strftime("%Y-%m-%d %H:%M:%S")
    name = "1vJx2k-000000001aB-3cDe"
    return "\n".join(
        [
            f"{at} {name} DKIM: d=example.com s=Mail2026 c=relaxed/relaxed a=rsa-sha256 b=2048 [verification succeeded]",
            f"{at} {name} DKIM: d=other.example s=else c=relaxed/relaxed a=rsa-sha256 b=2048 [verification succeeded]",
            f"{at} {name} <= anna@example.com H=out.example.com [203.0.113.9] I=[192.0.2.1]:25 P=esmtpsa A=plain:anna@example.com S=1000 id=a@example.com",
            f'{at} {name} => bob@example.net R=dnslookup T=remote_smtp H=mx.example.net [198.51.100.1] I=[192.0.2.25]:40000 C="250 OK"',
            f"{at} {name} Completed",
            "",
        ]
    )


def test_signs_in_imported_logs(store, tmp_path):
    """Selectors of the domain alone; the interface mail left by, not the one it came in by."""
    log = tmp_path / "mainlog"
    log.write_text(_log())
    now = int(datetime.now(UTC).timestamp() * 1e6)
    with State.open(f"sqlite:///{tmp_path}/state.db") as state:
        importer = Importer(store, state, host="mail.example.com", zone=when.UTC_ZONE)
        importer.run([str(log)])

    owner = Scope.of(domains=["example.com"])
    found = signs.seen(store, owner, "example.com", now=now)

    assert found.selectors == ("mail2026",)
    assert found.addresses == ("192.0.2.25",)
    assert (
        signs.seen(store, Scope.of(domains=["example.org"]), "example.com", now=now).selectors == ()
    )


def test_signs_of_a_signer():
    """What a signer beside Postfix writes counts, too; what is no selector does not."""
    lines = [
        "Jan  1 10:00:00 mx opendkim[7]: 4AA09: DKIM-Signature field added (s=default, d=example.com)",
        "Jan  1 10:00:00 mx opendkim[7]: 4AA09: DKIM-Signature field added (s=<b>, d=example.com)",
    ]

    assert signs.read(lines, "example.com").selectors == ("default",)
