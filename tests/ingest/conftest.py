"""What tests of ingest share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.ingest.world import World


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Make empty worlds by name; they are closed at the end."""
    worlds: list[World] = []

    def make(name: str) -> World:
        worlds.append(World(tmp_path / "home", name))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(make_world: Callable[[str], World]) -> World:
    """An empty world."""
    return make_world("postroad")
