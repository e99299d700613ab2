"""Signed DNS all the way: from the route that is found to the certificate that is shown."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("name", "state"),
    [("dane.secure", "ok"), ("wrong.secure", "fault"), ("good", "warning")],
)
def test_the_route_tells_whether_it_is_signed(served, name: str, state: str):
    """DANE counts where MX and address are authenticated, as the route has them."""
    with served.administrator() as client:
        (probe,) = client.post("/probe", json={"address": f"bob@{name}.example"}).json()["probes"]

    (talked,) = probe["conversations"]
    (named,) = (each for each in talked["findings"] if each["topic"] == "dane")
    assert named["state"] == state, named
