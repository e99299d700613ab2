"""A route drawn: boxes and lines with their places, twice. Pure.

Comes in: the root of a route, and what puts its sentences into the reader's language. Goes out: a
`Drawing` from left to right for a wide window, and one from top to bottom for a phone; a template
writes them as SVG. Sizes are in units of the drawing, which are pixels at full size.

Limits: widths of letters are estimated, generously. Of a very large route the first boxes are
drawn; the list below the drawing has all of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from postroad.model.route import Host, Icon, Kind, Node, side_label

#: Boxes of a drawing.
MOST_BOXES = 40
_LINE, _PADDING, _TEXT_LEFT = 17, 12, 42
_BOX_WIDTH, _GAP_ACROSS, _GAP_DOWN = 290, 56, 16
_TALL_WIDTH, _STEP, _DEEPEST_STEP = 344, 18, 6
#: Units of a letter: in bold for an address, plain below it.
_BOLD, _PLAIN = 7.4, 6.7
_MOST_LINES = 3
#: Servers that are drawn as boxes of their own; a single one is told in the box itself.
_SEVERAL = 2
#: Wider than this a drawing is not made to fit, but moved within its frame.
_WIDEST = 1500

Say = Callable[[str], str]


@dataclass(frozen=True)
class Line:
    """One line of text in a box, its baseline counted from the top of the drawing."""

    text: str
    #: `address`, `words` or `side`: what it looks like.
    look: str
    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """One point of the route."""

    icon: Icon
    #: The kind of the node, for its colour.
    kind: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[Line, ...]


@dataclass
class Drawing:
    """Boxes, and the paths of the lines between them (SVG 2 section 9.3)."""

    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    #: Points of the route that are not drawn.
    left_out: int = 0

    @property
    def is_wide(self) -> bool:
        """Whether it would be too small to read if it were made to fit."""
        return self.width > _WIDEST


@dataclass
class _Place:
    """A node with its text, before it has its place."""

    node: Node
    depth: int
    texts: list[tuple[str, str]]
    height: float
    children: list[_Place]
    x: float = 0
    y: float = 0


def across(root: Node, say: Say) -> Drawing:
    """From left to right: each step a column, each end a row."""
    drawing = Drawing()
    top = _placed(root, say, drawing, width=lambda _: _BOX_WIDTH)
    below = _rows(top, 1.0)
    deepest = max((each.depth for each in _every(top)), default=0)
    drawing.width = 2 + (deepest + 1) * _BOX_WIDTH + deepest * _GAP_ACROSS
    drawing.height = below - _GAP_DOWN + 1
    for each in _every(top):
        drawing.boxes.append(_box(each, _BOX_WIDTH))
        for child in each.children:
            start, end = each.x + _BOX_WIDTH, child.x
            middle = (start + end) / 2
            here, there = each.y + each.height / 2, child.y + child.height / 2
            bend = f"{middle:g} {here:g} {middle:g} {there:g}"
            drawing.paths.append(f"M{start:g} {here:g}C{bend} {end - 3:g} {there:g}")
    return drawing


def down(root: Node, say: Say) -> Drawing:
    """From top to bottom: each box below the one before, further in by a step for each level."""
    drawing = Drawing(width=_TALL_WIDTH)
    top = _placed(root, say, drawing, width=_narrow)
    y = 1.0
    for each in _every(top):
        each.x, each.y = _indent(each.depth), y
        y += each.height + _GAP_DOWN
        drawing.boxes.append(_box(each, _narrow(each.depth)))
    for each in _every(top):
        for child in each.children:
            x = each.x + _STEP / 2
            there = child.y + child.height / 2
            end = child.x - 3 if child.x > each.x else child.x
            drawing.paths.append(f"M{x:g} {each.y + each.height:g}V{there:g}H{max(end, x + 4):g}")
    drawing.height = y - _GAP_DOWN + 1
    return drawing


def _placed(root: Node, say: Say, drawing: Drawing, *, width: Callable[[int], float]) -> _Place:
    """Nodes with their texts wrapped, as many as are drawn, level by level."""
    top = _Place(root, 0, *_texts(root, say, width(0)), [])
    waiting, drawn = [top], 1
    for place in waiting:
        for child in _onward(place.node):
            if drawn >= MOST_BOXES:
                drawing.left_out += _count(child)
                continue
            depth = place.depth + 1
            made = _Place(child, depth, *_texts(child, say, width(depth)), [])
            place.children.append(made)
            waiting.append(made)
            drawn += 1
    return top


def _onward(node: Node) -> tuple[Node, ...]:
    """What a box leads to: the next points, or the servers where there are several."""
    if node.children or len(node.hosts) < _SEVERAL:
        return node.children
    return tuple(
        Node(
            address=each.name,
            kind=Kind.SMTP if each.ips else Kind.ERROR,
            words=each.fault or _place(each),
        )
        for each in node.hosts
    )


def _place(host: Host) -> str:
    """The addresses and the priority of a server."""
    priority = [] if host.mx is None else [f"MX={host.mx}"]
    return " ".join([*(f"[{ip}]" for ip in host.ips), *priority])


def _texts(node: Node, say: Say, width: float) -> tuple[list[tuple[str, str]], float]:
    """The lines of a box, each with its look, and the height that they need."""
    room = width - _TEXT_LEFT - _PADDING
    lines = [(each, "address") for each in wrapped(node.address, int(room / _BOLD), 2)]
    lines += [(each, "words") for each in wrapped(say(node.words), int(room / _PLAIN), _MOST_LINES)]
    if node.side:
        said = wrapped(say(side_label(node.side)), int(room / _PLAIN), 2)
        lines += [(each, "side") for each in said]
    return lines, len(lines) * _LINE + 2 * _PADDING - 3


def wrapped(text: str, most: int, lines: int) -> list[str]:
    """The text in lines of at most so many letters; `…` at the end of what does not fit."""
    found, line = [], ""
    for word in _words(text, most):
        joined = f"{line}{word}"
        if line and _length(joined.rstrip()) > most:
            found.append(line.rstrip())
            line = word.lstrip()
        else:
            line = joined
    found.append(line.rstrip())
    found = [each for each in found if each] or [""]
    if len(found) > lines:
        found = found[:lines]
        last = found[-1]
        while last and _length(last) >= most:
            last = last[:-1]
        found[-1] = f"{last}…"
    return found


def _words(text: str, most: int) -> list[str]:
    """Pieces that a line may break between: words, and what is too long for one line."""
    pieces = []
    for word in text.replace(" ", " \0").split("\0"):
        left = word
        while _length(left.rstrip()) > most:
            cut = _cut(left, most)
            pieces.append(left[:cut])
            left = left[cut:]
        pieces.append(left)
    return pieces


def _cut(word: str, most: int) -> int:
    """Where a long word is broken: before its `@` or a dot if that is not too early."""
    fits = next((index for index in range(len(word), 0, -1) if _length(word[:index]) <= most), 1)
    breaks = [
        index for index in range(most // 3, fits + 1) if word[index : index + 1] in ("@", ".", "/")
    ]
    return max(breaks[-1] if breaks else fits, 1)


def _length(text: str) -> int:
    """How wide a text is in letters; some are as wide as two (Unicode TR 11)."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _rows(place: _Place, y: float) -> float:
    """Give every place its position; where the next row begins."""
    place.x = 1 + place.depth * (_BOX_WIDTH + _GAP_ACROSS)
    below = y
    for child in place.children:
        below = _rows(child, below)
    if place.children:
        first, last = place.children[0], place.children[-1]
        middle = (first.y + last.y + last.height) / 2
        place.y = max(y, middle - place.height / 2)
        return max(below, place.y + place.height + _GAP_DOWN)
    place.y = y
    return y + place.height + _GAP_DOWN


def _every(place: _Place) -> list[_Place]:
    found = [place]
    for child in place.children:
        found += _every(child)
    return found


def _box(place: _Place, width: float) -> Box:
    x, y = place.x + _TEXT_LEFT, place.y + _PADDING + 12
    return Box(
        icon=place.node.icon,
        kind=place.node.kind.value,
        x=place.x,
        y=place.y,
        width=width,
        height=place.height,
        lines=tuple(
            Line(text, look, x, y + number * _LINE)
            for number, (text, look) in enumerate(place.texts)
        ),
    )


def _indent(depth: int) -> float:
    return 1 + min(depth, _DEEPEST_STEP) * _STEP


def _narrow(depth: int) -> float:
    return _TALL_WIDTH - 1 - _indent(depth)


def _count(node: Node) -> int:
    return 1 + sum(map(_count, _onward(node)))
