"""Ingest: from a log to the store, by import or by following, so that nothing is lost or doubled.

A reading's chunks go line by line through a parser into the correlator (`feed`, `pipeline`); at a
checkpoint the changed deliveries are written by a second thread, and only after the store has
acknowledged them are the positions committed (`writer`). So a crash means that the last lines are
read again, and reading lines again changes nothing: what the store knows of a message is taken up
before more is added to it (`recall`).
"""

from __future__ import annotations

from postroad.ingest.follower import Follower, Health
from postroad.ingest.importer import Importer
from postroad.ingest.pipeline import Pipeline
from postroad.ingest.result import Progress, Result
from postroad.ingest.status import Status
from postroad.ingest.supplying import supplying

__all__ = [
    "Follower",
    "Health",
    "Importer",
    "Pipeline",
    "Progress",
    "Result",
    "Status",
    "supplying",
]
