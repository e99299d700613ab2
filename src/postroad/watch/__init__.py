"""Watches: what became of a message that is followed, mail that is expected, figures that alarm."""
