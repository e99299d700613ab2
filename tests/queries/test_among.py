"""Deliveries by name: those that the viewer may see, as they may see them."""

from __future__ import annotations

import pytest
from tests.queries.world import BLIND_COPY, COM, EVERYTHING, HOP, NET, OPEN_COPY, SEEN, SHOWN, WORLD

from postroad import queries


@pytest.mark.parametrize("name", SEEN)
def test_a_viewer_gets_their_own(world, name):
    """Of all names there are, those in the scope; each as the list shows it."""
    scope, seen = SEEN[name]
    found = queries.among(world, scope, [row.id for row in WORLD.deliveries])
    assert {row.id for row in found} == {row.id for row in seen}
    for row in found:
        assert [row] == queries.search(world, scope, _asking(row.id)).deliveries


@pytest.mark.parametrize(("scope", "copies"), [(COM, 2), (NET, 1), (EVERYTHING, 2)])
def test_a_message_has_the_copies_that_one_may_see(world, scope, copies):
    """The receiving side is told of its own copy, its sender of all."""
    found = queries.of_messages(world, scope, [OPEN_COPY.message_key])
    assert len(found) == copies
    assert BLIND_COPY.message_key == OPEN_COPY.message_key


def test_what_is_not_there_is_not_found(world):
    """Neither names that never were, nor hops, nor an empty list."""
    assert queries.among(world, EVERYTHING, ["f" * 24, "", "x", HOP.id]) == []
    assert queries.among(world, EVERYTHING, []) == []
    assert len(queries.among(world, EVERYTHING, [SHOWN[0].id, SHOWN[0].id])) == 1


def _asking(identity):
    from postroad.model.search import Search

    return Search(id=identity)
