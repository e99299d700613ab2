"""Names of mailbox folders as IMAP servers write them down.

Folders are named in modified UTF-7 (RFC 3501, section 5.1.3): what is not printable ASCII stands
between `&` and `-` in a base64 of UTF-16, and `&` itself is `&-`. Dovecot logs some names so and
some in UTF-8, and does not say which.
"""

from __future__ import annotations

import base64
import binascii
import re


def readable(name: str) -> str:
    """Turn modified UTF-7 into text; a name that is none, such as `R&D`, is left as it is."""
    if "&" not in name:
        return name
    if not name.isascii() or _SHIFTED.sub("", name).count("&"):
        return name
    try:
        return _SHIFTED.sub(_decoded, name)
    except (UnicodeDecodeError, binascii.Error):
        return name


def _decoded(found: re.Match[str]) -> str:
    """Decode one shifted part. Raises `UnicodeDecodeError`, `binascii.Error` if it is none."""
    written = found[1].replace(",", "/")
    if not written:
        return "&"
    octets = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    text = octets.decode("utf-16-be")
    if any(" " <= letter <= "~" for letter in text):
        # What can be written as it is must be, so this was no shift.
        raise UnicodeDecodeError("utf-7", octets, 0, 1, "printable ASCII was shifted")
    return text


_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
