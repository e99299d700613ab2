"""The header fields of a message, as far as its log lines quote them.

Postfix logs a field that a rule of `header_checks` names (header_checks(5)), as
`info: header Subject: text from client[ip]; from=<a> to=<b> proto=ESMTP helo=<c>`. Exim logs no
fields but subject and Message-ID, which are facts of the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from postroad.model.delivery import Delivery

#: RFC 5322 section 2.2: printable characters but the colon.
_FIELD = re.compile(r": (?:info|warning|hold|filter|redirect|prepend): header ([!-9;-~]{1,80}): ")
#: What Postfix puts behind the field's text; the last one counts, for the text is a stranger's.
_TAIL = re.compile(r" from [^\s\[\];]+(?:\[[^\]\s]*\])?; (?:from=<|proto=|helo=<)")
_MOST = 50


class Header(NamedTuple):
    """One header field."""

    name: str
    text: str


def headers(lines: Iterable[str], delivery: Delivery) -> list[Header]:
    """The fields that these log lines quote, each once; subject and Message-ID are as decoded."""
    known = [Header("Subject", delivery.subject), Header("Message-ID", delivery.message_id)]
    found = {each: None for each in known if each.text}
    decoded = {each.name.lower() for each in found}
    for line in lines:
        field = _FIELD.search(line)
        if field and field[1].lower() not in decoded:
            text = line[field.end() :]
            ends = [each.start() for each in _TAIL.finditer(text)]
            found.setdefault(Header(field[1], text[: ends[-1]] if ends else text))
    return list(found)[:_MOST]
