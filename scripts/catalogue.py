"""Write what is to be translated into every catalogue, and tell what is missing.

    python -m scripts.catalogue [--check]

Messages are the literals that `say`, `say_many`, `_` and `n_` are called with, in the code and in
the templates. Translations that exist are kept; messages that are gone are taken out. Ends with
status 1 if a catalogue is incomplete; with `--check` nothing is written, and a catalogue that does
not hold exactly the messages of the code counts as incomplete.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "postroad"
FOLDER = SOURCE / "languages"
# The command line speaks English; `say` there writes to a terminal. Where kept sentences are put
# together again no message is a literal.
_METHODS = [
    ("cli/**.py", "ignore"),
    ("accounts/wording.py", "ignore"),
    ("**.py", "python"),
    ("web/templates/**.html", "jinja2"),
]
_KEYWORDS = {"_": None, "say": None, "n_": (1, 2), "say_many": (1, 2)}
_UNSAID = tuple(
    f'"{name}'.encode()
    for name in ("POT-", "PO-Revision", "Generated-By", "Report-Msgid", "Last-Tr", "Language-Team")
)
_FIELD = re.compile(r"(?<!\{)\{(\w+)\}")


def template() -> Catalog:
    """All messages of the code and the templates."""
    found = Catalog(project="postroad", charset="utf-8")
    options = {"web/templates/**.html": {"trimmed": "true"}}
    # Babel warns on the error stream of every `say("")`, which is no message.
    with redirect_stderr(io.StringIO()):
        for file, _, message, comments, _ in extract_from_dir(
            SOURCE, _METHODS, options, _KEYWORDS, ["Translators:"]
        ):
            found.add(message, None, [(f"src/postroad/{file}", 0)], auto_comments=comments)
    return found


def problems(code: str, entries: Catalog, wanted: Catalog) -> Iterator[str]:
    """What is missing or wrong in the catalogue of one language."""
    for message in wanted:
        if not message.id:
            continue
        held = entries.get(message.id if isinstance(message.id, str) else message.id[0])
        name = message.id if isinstance(message.id, str) else message.id[0]
        if held is None:
            yield f"{code}: not there: {name}"
        elif not _is_translated(held):
            yield f"{code}: not translated: {name}"
        elif strange := _strange_fields(held):
            yield f"{code}: has other fields ({', '.join(sorted(strange))}): {name}"
    known = {message.id for message in wanted}
    for message in entries:
        if message.id and message.id not in known:
            yield f"{code}: not used any more: {message.id}"


def renewed(path: Path, wanted: Catalog) -> Catalog:
    """The catalogue in a file, brought up to the messages that there are."""
    with path.open("rb") as file:
        entries = read_po(file, locale=path.stem)
    entries.update(wanted, no_fuzzy_matching=True)
    entries.obsolete.clear()
    return entries


def main() -> int:
    """Write or check every catalogue. Returns the exit status."""
    is_check = "--check" in sys.argv[1:]
    wanted = template()
    found: list[str] = []
    for path in sorted(FOLDER.glob("*.po")):
        if is_check:
            with path.open("rb") as file:
                entries = read_po(file, locale=path.stem)
        else:
            entries = renewed(path, wanted)
            buffer = io.BytesIO()
            write_po(buffer, entries, width=100, sort_output=True, no_location=True)
            path.write_bytes(_without_dates(buffer.getvalue()))
        found += problems(path.stem, entries, wanted)
    for line in found:
        print(line)
    print(f"{len(wanted)} messages, {len(found)} to look at")
    return int(bool(found))


def _is_translated(message: Message) -> bool:
    forms = _forms(message)
    return not message.fuzzy and bool(forms) and all(forms)


def _forms(message: Message) -> list[str]:
    given = message.string
    return [given] if isinstance(given, str) else list(given or ())


def _strange_fields(message: Message) -> set[str]:
    """Fields that are not in the English, or English ones that are not in every form."""
    english = [message.id] if isinstance(message.id, str) else list(message.id)
    known = {name for each in english for name in _FIELD.findall(each)}
    forms = _forms(message)
    strange: set[str] = set()
    for form in forms:
        strange |= set(_FIELD.findall(form)) - known
    if len(forms) == 1:
        strange |= known - set(_FIELD.findall(forms[0]))
    return strange


def _without_dates(data: bytes) -> bytes:
    """The file without what changes each time it is written, and what nobody filled in."""
    kept = [line for line in data.splitlines(keepends=True) if not line.startswith(_UNSAID)]
    return b"".join(kept)


if __name__ == "__main__":
    sys.exit(main())
