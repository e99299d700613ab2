"""What the page of one reason says."""

from __future__ import annotations

from typing import NamedTuple

from postroad.model.text import Text


class Guide(NamedTuple):
    """One reason explained, for people who have never seen a mail server's log."""

    #: A few words, as a heading.
    title: Text
    #: What it means, in two or three sentences.
    meaning: Text
    #: What it usually comes from, the most frequent first.
    causes: tuple[Text, ...]
    #: What whoever wrote the message can do.
    sender: Text
    #: What whoever it was for can do.
    recipient: Text
    #: What the people who run the servers can do.
    postmaster: Text
