"""Sending domains, in good order and in every disorder."""

from __future__ import annotations


def sender_lines(base: str) -> list[str]:
    """Records of domains that send mail from 192.0.2.25, or should."""
    return []
