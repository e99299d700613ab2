"""Sources: bytes of files, archives and standard input in, decoded lines with their place out.

`find` turns what somebody named into files, in true time order (`order`); a `Reading` goes through
the content of one of them, packed or not, and hands out `Chunk`s of whole lines. It knows again
what was read before, by content (`identity`), and goes on behind it. `tail` keeps reading a log
that grows, is rotated, or is cut short.

What cannot be read is a `SourceError` or a sentence among a reading's notes; the rest is read.
"""

from __future__ import annotations
