"""Every reason has a page, written for people who run no mail server."""

from __future__ import annotations

import pytest

from postroad.model.text import Text
from postroad.reasons import Reason
from postroad.reasons.explain import EXPLANATIONS
from postroad.reasons.guide import CHECKED, GUIDES, THEMES


def test_every_reason_stands_under_one_theme():
    """The table of contents leads to each reason once."""
    listed = [reason for _, guides in THEMES for reason in guides]

    assert sorted(listed) == sorted(Reason)
    assert set(Reason) == set(EXPLANATIONS)
    assert set(Reason) >= CHECKED


@pytest.mark.parametrize("reason", Reason)
def test_a_page_says_what_it_means_and_who_can_do_what(reason: Reason):
    """Meaning, causes and advice are whole sentences that can be translated."""
    guide = GUIDES[reason]
    texts = [guide.meaning, *guide.causes, guide.sender, guide.recipient, guide.postmaster]

    assert len(guide.causes) >= 2
    assert not guide.title.endswith(".")
    for text in texts:
        assert isinstance(text, Text)
        assert text.endswith("."), text
        assert "  " not in text, text
