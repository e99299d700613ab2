"""Typesetting: data in, a PDF out, in a process of its own that lasts as long as that takes.

A paper is a template of ours (Typst, `*.typ` beside the module that fills it in) and data. The
template reads the data as JSON and puts it out as text: nothing in it can become markup, a path or
a command. Fonts are those of the packages that postroad depends on, so that a paper looks the same
on every machine, and the same data and time make the same octets.

The process is given data on its standard input and answers on its standard output. Its memory and
time are limited, and what it took is given back when it ends: the library and the fonts take more
than everything else of postroad together.
"""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from postroad.errors import PostroadError
from postroad.model import safe
from postroad.model.text import say

_log = logging.getLogger(__name__)

#: Where templates are; none may read what is outside of it.
_ROOT = Path(__file__).parent
#: Packages that hold nothing but the fonts: Noto Sans, for every script that mail is written in.
_FONTS = ("manimgx_fonts", "manimgx_fonts_cjk")
#: Seconds, and octets of address space, that one paper may take.
_SECONDS, _MEMORY = 60, 2 << 30


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is asked for."""

    #: Path of the template below the root.
    template: str
    #: What the template reads as `sys.inputs.data`: JSON.
    data: str
    #: Seconds since 1970, for the paper's own date.
    made_at: int


def typeset(template: Path, data: Mapping[str, Any], *, made_at: int) -> bytes:
    """The PDF that a template below `reports` makes of the data; `made_at` in microseconds UTC.

    Blocks, for a second as a rule. Raises `PostroadError` where it cannot be made.
    """
    order = _Order(
        template=str(template.relative_to(_ROOT)),
        data=msgspec.json.encode(data).decode(),
        made_at=made_at // 1_000_000,
    )
    # One thread: the others would each take memory, and a paper is short.
    environ = {**os.environ, "RAYON_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - this very module
            [sys.executable, "-P", "-m", __name__],
            input=msgspec.json.encode(order),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=environ,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _failed(str(error)) from error
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        said = done.stderr.decode(errors="replace").strip()
        raise _failed(said or f"the process ended with {done.returncode}")
    return done.stdout


def _failed(reason: str) -> PostroadError:
    # What a library says of itself is for who runs the server; it may quote what a stranger wrote.
    _log.error("A PDF could not be made: %s", safe.lines(reason))
    return PostroadError(say("The PDF could not be made. The reason is in the log of the server."))


def _main() -> None:
    """Read an order, write its PDF."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=_Order)
    import typst

    folders = [str(Path(str(import_module(each).__file__)).parent) for each in _FONTS]
    fonts = typst.Fonts(include_system_fonts=False, font_paths=folders)
    asked: dict[str, Any] = {
        "root": str(_ROOT),
        "font_paths": fonts,
        "ignore_system_fonts": True,
        "sys_inputs": {"data": order.data},
        "timestamp": order.made_at,
    }
    template = str(_ROOT / order.template)
    try:
        # PDF/UA-1 (ISO 14289-1): tagged, to be read aloud.
        made = typst.compile(template, pdf_standards=["ua-1"], **asked)
    except typst.TypstError:
        # It wants a glyph for every sign, and there are signs that no font has: these are boxes.
        try:
            made = typst.compile(template, **asked)
        except typst.TypstError as error:
            sys.exit(f"{error.message} {error.diagnostic}")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    _main()
