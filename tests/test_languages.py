"""Catalogues, sentences that can be translated, and what a browser asks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from postroad.languages import ENGLISH, catalogue, known, wanted
from postroad.model.text import join, say, say_many

ROOT = Path(__file__).resolve().parent.parent


def test_every_catalogue_is_complete():
    """Every text of code and templates is in every catalogue, translated, with its fields."""
    told = subprocess.run(
        [sys.executable, "-m", "scripts.catalogue", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr


def test_a_text_is_its_english_until_it_is_translated():
    """A sentence with values is a plain text; its German has the values where they belong."""
    german = catalogue("de")
    text = join([say_many("one day", "{count} days", 3), "x", ""])
    assert text == "3 days x"
    assert german.text(text) == "3 Tage x"
    assert german.text(say_many("one day", "{count} days", 1)) == "1 Tag"
    assert german.text("one day") == "one day", "what is no message of ours is left alone"
    assert german.text(say("{inner}!", inner=say_many("one day", "{count} days", 2))) == "2 Tage!"


def test_braces_in_values_are_no_fields():
    """What a stranger wrote is filled in and never looked into."""
    hostile = say("To {name}", name="{name.__class__} {0} {{")
    assert hostile == "To {name.__class__} {0} {{"
    assert catalogue("de").text(hostile).endswith("{name.__class__} {0} {{")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,de;q=0.5", ENGLISH),
        ("fr, de;q=0.2, en;q=0.1", "de"),
        ("fr", ENGLISH),
        ("", ENGLISH),
        ("de;q=0", ENGLISH),
        ("de;q=x, ;;,", ENGLISH),
        ("*", ENGLISH),
        ("../../etc/passwd", ENGLISH),
    ],
)
def test_the_language_that_a_browser_asks_for(header: str, code: str):
    """The best liked of those there are; English for everything else."""
    assert wanted(header) == code


def test_every_language_names_itself():
    """A reader finds their language under its own name."""
    assert known() == {"en": "English", "de": "Deutsch"}
