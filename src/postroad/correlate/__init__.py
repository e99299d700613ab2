"""Correlate: events in, deliveries out. A dict of open messages; no clock, file or database."""
