"""Tests of the correlator alone: events in, rows out."""
