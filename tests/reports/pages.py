"""A PDF as its reader gets it: its text, its pages as pictures, and what it says of itself."""

from __future__ import annotations

import re

import pypdfium2


def text(pdf: bytes) -> str:
    """All text, page by page, spaces of any kind as one."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = []
        for page in document:
            held = page.get_textpage()
            pages.append(held.get_text_range())
            held.close()
            page.close()
    return re.sub(r"\s+", " ", "\n".join(pages))


def pictures(pdf: bytes) -> list[tuple[int, int, bytes]]:
    """Each page in shades of grey: width, height, an octet for each point."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            bitmap = page.render(scale=1, grayscale=True)
            rows = bytes(bitmap.buffer)
            width, stride = bitmap.width, bitmap.stride
            points = b"".join(
                rows[start : start + width] for start in range(0, stride * bitmap.height, stride)
            )
            found.append((width, bitmap.height, points))
            bitmap.close()
            page.close()
    return found


def about(pdf: bytes) -> dict[str, str]:
    """Title, author and so on."""
    with pypdfium2.PdfDocument(pdf) as document:
        return document.get_metadata_dict()


def fits(picture: tuple[int, int, bytes], margin: int = 40) -> bool:
    """Whether nothing is drawn in the margins at the sides, where it would be cut off."""
    width, height, points = picture
    rows = [points[start : start + width] for start in range(0, width * height, width)]
    return all(min(row[:margin]) > 250 and min(row[-margin:]) > 250 for row in rows)
