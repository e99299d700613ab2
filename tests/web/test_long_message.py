"""The page of mail with thousands of recipients: short at first, whole on demand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.web.served import Served, serving

from postroad.web.abridged import LINES, RELATIVES, abridged

_MANY = 3000
_ID = "1vM900-00000000900-0aBc"


def log() -> str:
    """What Exim logs of one message to very many, of which one in the middle is refused."""
    begin = datetime.now(UTC) - timedelta(minutes=5)
    said = ["<= news@example.com U=news P=local S=900 id=news-1@example.com"]
    for number in range(_MANY):
        to = f"reader{number}@lists.example"
        how = "R=dnslookup T=remote_smtp H=mx.lists.example [192.0.2.9]"
        if number == _MANY // 2:
            said.append(f"** {to} {how}: 550 5.1.1 unknown")
        else:
            said.append(f'=> {to} {how} C="250 ok"')
    said.append("Completed")
    stamps = (begin + timedelta(seconds=place // 20) for place in range(len(said)))
    return "".join(
        f"{at:%Y-%m-%d %H:%M:%S} {_ID} {each}\n" for at, each in zip(stamps, said, strict=True)
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    """A server that has read that log."""
    with serving(tmp_path_factory.mktemp("long") / "home") as running:
        with running.administrator() as client:
            answer = client.post(
                "/imports",
                params={"mta": "exim", "host": "mx1.example.com"},
                content=log().encode(),
                headers={"Content-Type": "application/octet-stream"},
            )
            assert '"result"' in answer.text
        yield running


@pytest.fixture(scope="module")
def refused(served: Served) -> str:
    """The id of the delivery in the middle."""
    with served.administrator() as client:
        asked = {"to": f"reader{_MANY // 2}@lists.example"}
        [found] = client.get("/deliveries", params=asked).json()["deliveries"]
        assert found["status"] == "failed"
        return str(found["id"])


def test_a_page_shows_the_ends_and_what_names_the_recipient(served: Served, refused: str):
    """Nothing is left out in silence: a link says how much, and shows everything."""
    with served.reader("root") as reader:
        short = reader.get(f"/message/{refused}").text
        whole = reader.get(f"/message/{refused}?all=1").text

    numbers = [int(each) for each in re.findall(r'<li data-number="(\d+)"', short)]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1
    assert numbers[-1] == _MANY + 2
    assert len(numbers) == 2 * LINES + 1
    assert "550 5.1.1 unknown</bdi></code>" in short
    gaps = re.findall(r">([^<>]*) lines are left out here", short)
    left_out = [int(re.sub(r"\D", "", each)) for each in gaps]
    assert sum(left_out) + len(numbers) == _MANY + 2
    assert f'href="/message/{refused}?all=1#lines"' in short
    assert short.count('class="family-where"') == 2 * RELATIVES
    assert (
        f">{_MANY - 1 - 2 * RELATIVES:,} more</a>".replace(",", "\N{NARROW NO-BREAK SPACE}")
        in short
    )
    assert len(short) < 100_000

    assert len(re.findall(r'<li data-number="\d+"', whole)) == _MANY + 2
    assert "left out" not in whole
    assert whole.count('class="family-where"') == _MANY - 1


def test_a_short_list_is_whole():
    """Up to four ends long nothing is left out."""
    [run] = abridged(range(4 * LINES), lambda _: False, ends=LINES, is_whole=False)

    assert [*run.items] == [*range(4 * LINES)]
    assert (run.left_out, run.number) == (0, 1)
    assert abridged([], lambda _: True, ends=LINES, is_whole=False) == []


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_runs_count_to_the_whole(step: int):
    """Each item is in a run or counted as left out before one, whatever matters."""
    items = range(5000)
    runs = abridged(items, lambda item: item % step == 0, ends=LINES, is_whole=False)

    place = 0
    for run in runs:
        place += run.left_out
        assert (run.number, run.items[0]) == (place + 1, place)
        place += len(run.items)
    assert place == len(items)
    assert sum(len(run.items) for run in runs) <= 4 * LINES
