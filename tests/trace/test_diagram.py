"""Drawings of routes: every box has its place, and text keeps within it."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.model.route import Host, Kind, Node, Side, walk
from postroad.model.text import say
from postroad.web.diagram import MOST_BOXES, Box, across, down, wrapped

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=120)


def node(address: str, *children: Node, kind: Kind = Kind.ROUTED, **more: object) -> Node:
    """A node with plain words."""
    words = say("aliases sends it on, as {file} says", file="/etc/aliases")
    return Node(address=address, kind=kind, words=words, children=children, **more)


def routes() -> st.SearchStrategy[Node]:
    """Trees of any shape, with any text."""
    kinds = st.sampled_from(Kind)
    sides = st.sampled_from([None, Side.HERE, Side.THERE])
    leaf = st.builds(Node, address=WORDS, kind=kinds, words=WORDS, side=sides)
    return st.recursive(
        leaf,
        lambda below: st.builds(
            Node,
            address=WORDS,
            kind=kinds,
            words=WORDS,
            side=sides,
            children=st.lists(below, max_size=4).map(tuple),
        ),
        max_leaves=30,
    )


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes cover each other in part."""
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@settings(max_examples=60, deadline=None)
@given(routes())
@pytest.mark.parametrize("draw", [across, down])
def test_boxes_lie_in_the_drawing_and_apart(draw, root: Node):
    """Whatever the route, no box covers another, and none or its text leaves the drawing."""
    drawing = draw(root, str)

    assert drawing.left_out + len(drawing.boxes) == sum(1 for _ in walk(root))
    assert len(drawing.paths) == len(drawing.boxes) - 1
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height
        for line in box.lines:
            assert box.y < line.y < box.y + box.height
    assert not [pair for pair in combinations(drawing.boxes, 2) if overlap(*pair)]


def test_several_servers_are_boxes_of_their_own():
    """One server is told in the box itself, several one by one, with what is wrong."""
    good = Host(name="a.example", ips=("192.0.2.1", "2001:db8::1"), mx=10)
    bad = Host(name="b.example", mx=20, fault=say("b.example has no address in DNS."))

    assert 1 == len(across(node("x@example.com", kind=Kind.SMTP, hosts=(good,)), str).boxes)
    drawing = across(node("x@example.com", kind=Kind.SMTP, hosts=(good, bad)), str)
    texts = [[line.text for line in box.lines] for box in drawing.boxes]
    assert ["a.example", "[192.0.2.1] [2001:db8::1] MX=10"] == texts[1]
    assert ["smtp", "smtp", "error"] == [box.kind for box in drawing.boxes]
    assert ["b.example", "b.example has no address in DNS."] == texts[2]


def test_a_very_large_route_is_drawn_in_part():
    """The first boxes are drawn; how many are not is said."""
    root = node("all@example.com", *(node(f"m{at}@example.com") for at in range(300)))
    drawing = across(root, str)

    assert MOST_BOXES == len(drawing.boxes)
    assert 301 - MOST_BOXES == drawing.left_out


def test_sentences_are_drawn_in_the_readers_language():
    """What is wrapped is the translation, not the English."""
    drawing = across(node("x@example.com", side=Side.HERE), lambda text: f"ÜBERSETZT {text[:3]}")

    assert ["x@example.com", "ÜBERSETZT ali", "ÜBERSETZT The"] == [
        line.text for line in drawing.boxes[0].lines
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("two words here", ["two words", "here"]),
        ("averylongname@example.com", ["averylongn", "ame", "@example…"]),
        ("", [""]),
        ("漢字漢字漢字漢字", ["漢字漢字漢", "字漢字"]),
        ("a b c d e f g h i j k l m n o p q r s", ["a b c d e", "f g h i j", "k l m n o…"]),
    ],
)
def test_lines(text: str, lines: list[str]):
    """Lines break between words, long words before a sign; what does not fit ends in `…`."""
    assert lines == wrapped(text, 10, 3)


@given(WORDS, st.integers(4, 40), st.integers(1, 4))
def test_no_line_is_too_long(text: str, most: int, lines: int):
    """Whatever the text, there are only so many lines of only so many letters."""
    found = wrapped(text, most, lines)

    assert 1 <= len(found) <= lines
    assert all(len(each) <= most + 1 for each in found)
