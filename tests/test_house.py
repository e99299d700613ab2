"""The house keeps its own rules: what exists is documented, and nothing of one machine is in it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts import docs

from postroad import config, parsers, web
from postroad.model.status import Status

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "postroad"

#: Hosts that packages are downloaded from, and folders of machines that the code was written on.
#: In pieces, so that this file does not hold them.
FORBIDDEN = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "deb." + "debian.org",
    "security." + "debian.org",
    "/wo" + "rk/",
    "/ro" + "ot/",
    "/opt/" + "pypi",
    "/opt/" + "wheels",
)


def headings(name: str) -> set[str]:
    """Headings of a document, without their marks."""
    text = (ROOT / name).read_text()
    return {
        re.sub(r"[`*]", "", found).strip()
        for found in re.findall(r"^#{1,6} +(.+)$", text, re.MULTILINE)
    }


def tracked() -> Iterator[Path]:
    """Every file of the repository that is text."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".gz", ".bz2", ".xz", ".zst"):
            yield path


@pytest.mark.parametrize("name", docs.NAMES)
def test_written_documentation_is_true(name: str):
    """Settings and commands are documented as the program has them (else: make docs)."""
    assert (ROOT / "docs" / name).read_text() == docs.page(name)


def test_every_setting_has_a_heading():
    """Every setting, and everything a [[sources]] table may hold, has a heading in the docs."""
    rows = config.table() + config.source_table()

    assert {row.name for row in rows} <= headings("docs/settings.md")


def test_every_page_has_a_heading():
    """Every address that the web room answers has a heading in the docs."""
    paths = {
        re.sub(r"\{\w+:\w+\}", "ID", path)
        for router in web.routes()
        for route in router.routes
        if "static" not in (path := route.path)
    }

    assert "/" in paths
    assert paths <= headings("docs/pages.md")


def test_every_room_has_a_heading():
    """Every package and module of postroad has a heading in ARCHITECTURE.md."""
    rooms = {
        path.stem
        for path in SOURCE.iterdir()
        if not path.name.startswith("_")
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    }

    assert rooms <= headings("ARCHITECTURE.md")


def test_every_server_has_a_heading():
    """Every mail server whose log is read has a heading that says what it should log."""
    assert set(parsers.SERVERS) <= {each.lower() for each in headings("docs/logs.md")}


def test_every_status_has_a_heading():
    """Every status has a heading that says what it promises and what not."""
    assert {status.word for status in Status} <= headings("docs/statuses.md")


def test_documents_link_to_what_exists():
    """Every relative link in the documents leads to a file of the repository."""
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_nothing_of_one_machine_is_tracked():
    """No file names a package registry's host or a folder of the machine it was written on."""
    for path in tracked():
        text = path.read_text(errors="replace")
        found = [each for each in FORBIDDEN if each in text]
        assert not found, f"{path.relative_to(ROOT)} holds {found}"


def test_only_documentation_names_and_addresses():
    """Code and documents use addresses that RFC 5737 reserves, or others that nobody has (RFC 6890)."""
    allowed = re.compile(
        r"(192\.0\.2|198\.51\.100|203\.0\.113|127\.\d+\.\d+|0\.0\.0|255\.255\.255"
        r"|10\.\d+\.\d+|192\.168\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+"
        r"|100\.64\.0|169\.254\.\d+|192\.0\.0|192\.88\.99|198\.1[89]\.\d+|2(24|40)\.0\.0)\.\d+"
    )
    number = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
    address = re.compile(rf"(?<!section )(?<![\w.=/-]){number}(?:\.{number}){{3}}(?![\w.-])")
    for path in tracked():
        if path.suffix in (".py", ".md", ".log", ".toml"):
            strange = {
                found
                for found in address.findall(path.read_text(errors="replace"))
                if not allowed.fullmatch(found)
            }
            assert not strange, f"{path.relative_to(ROOT)} holds {strange}"


def test_every_column_has_a_comment():
    """Every column of every table in the store's schema has a COMMENT."""
    for path in SOURCE.glob("store/schema/*.sql"):
        for line in path.read_text().splitlines():
            if re.match(r"\s+`\w+` ", line):
                assert "COMMENT '" in line, f"{path.name}: {line.strip()}"


def test_no_module_is_a_drawer():
    """No module is called after nothing, and none has grown out of what can be read at a sitting."""
    for path in SOURCE.rglob("*.py"):
        assert path.stem not in ("utils", "util", "helpers", "misc", "common"), path
        assert len(path.read_text().splitlines()) <= 500, f"{path} is too long"
