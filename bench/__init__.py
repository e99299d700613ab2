"""Measures that anyone can run: how true, how fast, how large. Nothing here is part of postroad."""
