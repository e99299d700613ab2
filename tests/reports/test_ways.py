"""Reports by the page, the API and the command line: for every account its own mail alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.reports import pages
from tests.web.served import Served, form_key, serving
from tests.web.test_scope import HIDDEN

COMMAND = Path(sys.executable).with_name("postroad")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running postroad with the mail of two tenants."""
    with serving(tmp_path_factory.mktemp("reports") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def served_evil(tmp_path_factory):
    """A running postroad with mail that was written to do harm."""
    with serving(tmp_path_factory.mktemp("hostile") / "home", sample="evil") as running:
        yield running


def days(served: Served) -> list[str]:
    """The months that the sample's mail is of: it ends now, and may begin in the last one."""
    now = datetime.fromtimestamp(served.now / 1e6, UTC)
    return sorted({f"{now:%Y-%m}", f"{now - timedelta(days=3):%Y-%m}"})


@pytest.mark.parametrize("account", HIDDEN)
def test_no_report_names_others(served: Served, account: str):
    """In whatever form, and of whatever it is asked, no report names whom its reader must not see."""
    found = []
    with served.holder(account) as holder, served.reader(account) as reader:
        for date in days(served):
            asked = {"date": date}
            found.append(holder.get("/report", params=asked).text)
            found.append(holder.get("/report/text", params=asked).text)
            found.append(pages.text(holder.get("/report/pdf", params=asked).content))
            pdf = reader.get("/reports/report.pdf", params=asked)
            assert pdf.headers["content-type"] == "application/pdf"
            assert pdf.headers["content-disposition"] == f'attachment; filename="report-{date}.pdf"'
            found.append(pages.text(pdf.content))
    flat = [re.sub(r"\s", "", each).lower() for each in found]
    for each in HIDDEN[account]:
        assert all(each not in text for text in flat), each


@pytest.mark.parametrize("account", HIDDEN)
def test_what_is_counted_is_what_is_listed(served: Served, account: str):
    """The figures of the report are those of the list, by status, sent and received."""
    with served.holder(account) as holder:
        for date in days(served):
            report = holder.get("/report", params={"date": date, "timezone": "UTC"}).json()
            span = {"since": report["since"], "until": report["until"], "limit": "1000"}
            listed = holder.get("/deliveries", params=span).json()["deliveries"]
            arrived = [
                each
                for each in listed
                if report["since"]
                <= (each["sent_at"] or each["knocked_at"] or "")
                < report["until"]
            ]
            counts = {}
            for each in arrived:
                counts[each["status"]] = counts.get(each["status"], 0) + 1
            unseen = [each for each in listed if not each["sent_at"]]
            if not unseen:
                assert report["counts"] == counts
            assert sum(report["counts"].values()) <= len(listed)


@pytest.mark.parametrize(
    ("account", "of"),
    [
        ("shop", "example.net"),
        ("shop", "carl@example.net"),
        ("shop", "@example.com.example.net"),
        ("anna@example.com", "example.com"),
        ("anna@example.com", "bea@example.com"),
        ("sales@example.com", "anna@example.com"),
    ],
)
def test_nobody_has_reports_on_others(served: Served, account: str, of: str):
    """What is not one's own is refused, by every way."""
    with served.holder(account) as holder:
        for route in ("/report", "/report/pdf", "/report/text"):
            answer = holder.get(route, params={"of": of})
            assert (answer.status_code, answer.json()["error"]) == (403, "access")
    with served.reader(account) as reader:
        answer = reader.get("/reports/report.pdf", params={"of": of})
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/html")
        form = {"form_key": form_key(answer.text), "of": of, "month": "on", "to": account}
        assert reader.post("/reports", data=form | {"hour": "7"}).status_code == 403


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"period": "year"}, "period"),
        ({"date": "soon"}, "date"),
        ({"date": "2190-01"}, "date"),
        ({"of": "no domain"}, "of"),
        ({"of": "a@b c"}, "of"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_what_cannot_be_asked(served: Served, asked: dict, field: str):
    """Nonsense is answered with a sentence about the value that is wrong."""
    with served.administrator() as administrator:
        answer = administrator.get("/report", params=asked)
    assert answer.status_code == 422
    assert field in answer.json()["fields"]


def test_hostile_mail_on_paper(served_evil: Served):
    """Mail that was written to do harm makes a paper of text that nothing is drawn outside of."""
    for account in ("root", "shop", "anna@example.com"):
        with served_evil.holder(account) as holder:
            for date in days(served_evil):
                pdf = holder.get("/report/pdf", params={"date": date}).content
                assert all(map(pages.fits, pages.pictures(pdf)))
                text = holder.get("/report/text", params={"date": date}).text
                assert not re.search(
                    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text
                )


def test_the_box_and_the_list(served: Served):
    """A box is checked, stays checked, its report is listed, and unchecking it ends that."""
    with served.reader("shop") as reader:
        key = form_key(reader.get("/reports").text)
        form = {"form_key": key, "of": "", "shown": "", "to": "anna@example.com", "hour": "6"}
        assert reader.post("/reports", data=form | {"month": "on"}).status_code == 303
        page = reader.get("/reports").text
        assert 'name="month" value="on" checked' in page
        assert 'name="week" value="on" >' in page
        assert '<option value="6" selected>06:00' in page
        assert page.count("/remove") == 1
        # Again, with another hour and another box: the old one is replaced.
        again = form | {"month": "on", "day": "on", "hour": "5"}
        assert reader.post("/reports", data=again).status_code == 303
        page = reader.get("/reports").text
        assert page.count("/remove") == 2
        assert '<option value="5" selected>05:00' in page
        # The boxes of another report were not shown: nothing of it ends.
        other = form | {"of": "example.com", "week": "on"}
        assert reader.post("/reports", data=other).status_code == 303
        other = form | {"of": "example.com", "day": "on"}
        assert reader.post("/reports", data=other).status_code == 303
        assert reader.get("/reports").text.count("/remove") == 4
        # Nothing checked: all that stood for the boxes ends.
        assert reader.post("/reports", data=form).status_code == 303
        page = reader.get("/reports").text
        assert page.count("/remove") == 2
        for number in re.findall(r"/reports/(\d+)/remove", page):
            gone = reader.post(f"/reports/{number}/remove", data={"form_key": key})
            assert gone.status_code == 303
        assert "/remove" not in reader.get("/reports").text


def test_nobody_ends_what_is_not_theirs(served: Served):
    """A subscription of another account cannot be ended, and forms need their key."""
    with served.reader("rival") as rival, served.reader("shop") as shop:
        key = form_key(rival.get("/reports").text)
        form = {"form_key": key, "of": "", "month": "on", "to": "carl@example.net", "hour": "7"}
        assert rival.post("/reports", data=form).status_code == 303
        (number,) = re.findall(r"/reports/(\d+)/remove", rival.get("/reports").text)
        own = form_key(shop.get("/reports").text)
        assert shop.post(f"/reports/{number}/remove", data={"form_key": own}).status_code == 422
        assert shop.post(f"/reports/{number}/remove", data={}).status_code == 403
        assert shop.post("/reports", data=form).status_code == 403
        assert f"/reports/{number}/remove" in rival.get("/reports").text


def test_an_address_of_somebody_else(served: Served):
    """A report is sent to one's own addresses; the form says so and keeps what was written."""
    with served.reader("shop") as reader:
        key = form_key(reader.get("/reports").text)
        form = {"form_key": key, "of": "", "month": "on", "to": "x@elsewhere.test", "hour": "7"}
        answer = reader.post("/reports", data=form)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert 'value="x@elsewhere.test"' in answer.text
        assert "/remove" not in answer.text


def report(served: Served, *arguments: str, limit: str = "", out: int = subprocess.PIPE):
    """Run the command against the running postroad, with this limit of its shell."""
    environ = {name: value for name, value in os.environ.items() if "POSTROAD" not in name}
    environ |= {"POSTROAD_HOME": str(served.home), "TZ": "Europe/Berlin"}
    shell = ["bash", "-c", f'{limit} exec "$@"', "-", COMMAND, "report", *arguments]
    return subprocess.run(
        shell, stdout=out, stderr=subprocess.PIPE, env=environ, timeout=60, check=False
    )


def test_the_command_writes_a_file(served: Served, tmp_path: Path):
    """The file is a PDF of the month, and its owner's alone; what was there is replaced."""
    path = tmp_path / "report.pdf"
    path.write_text("old")
    done = report(served, "example.com", "--output", str(path), "--date", days(served)[-1])

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert "All mailboxes of example.com" in pages.text(path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["report.pdf"]


def test_the_command_writes_to_standard_output(served: Served):
    """Text for people unless a form is asked for, in the language asked for."""
    date = days(served)[-1]
    text = report(served, "--date", date)
    german = report(served, "--date", date, "--language", "de")
    values = report(served, "--date", date, "--format", "json")
    pdf = report(served, "--date", date, "--format", "pdf")

    assert text.stdout.decode().startswith("Mail report\n")
    assert "Zugestellt" in german.stdout.decode()
    assert json.loads(values.stdout)["name"] == date
    assert json.loads(values.stdout)["timezone"] == "Europe/Berlin"
    assert pages.pictures(pdf.stdout)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--period", "week", "--date", "2026-10"), 2, "names no period"),
        (("--zone", "Nowhere/Land"), 2, "no zone"),
        (("no domain",), 2, "neither a domain nor an address"),
        (("--output", "/nowhere/report.pdf"), 1, "cannot be written"),
    ],
)
def test_the_command_says_what_is_wrong(served: Served, arguments, status, said):
    """A sentence on stderr, nothing on stdout."""
    done = report(served, *arguments)

    assert (done.returncode, done.stdout) == (status, b"")
    assert said in done.stderr.decode()


def test_a_full_disk_leaves_no_half_file(served: Served, tmp_path: Path):
    """Where there is no room the command says so, and what was there before stays."""
    path = tmp_path / "report.pdf"
    path.write_text("the old one")
    # Files of this process may have 8 kB.
    done = report(served, "--output", str(path), limit="ulimit -f 8;")

    assert done.returncode == 1
    assert "no room" in done.stderr.decode()
    assert "nothing was left" in done.stderr.decode()
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "report.pdf": "the old one"
    }


def test_a_full_disk_behind_a_pipe(served: Served):
    """Standard output that takes nothing is told too, by a sentence and not by a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = report(served, "--format", "pdf", out=full.fileno())

    assert done.returncode == 1
    assert done.stderr.decode().startswith("postroad: There is no room")
