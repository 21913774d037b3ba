"""Figures of the service for Prometheus: requests, seconds, what lists are like; never an id."""

import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
REQUESTS = Counter("whyrec_requests", "Requests answered.", ["route", "status"])
DURATION = Histogram("whyrec_request_seconds", "Seconds from request to answer.", ["route"], buckets=SECONDS)
LISTS = Counter("whyrec_lists", "Lists given, by whether anything about the person was known.", ["personal"])
EVENTS = Counter("whyrec_events", "Events taken, by relation and what became of them.", ["relation", "outcome"])
PENDING = Gauge("whyrec_events_pending", "Events that no load has taken over.", multiprocess_mode="livemax")


def exposition() -> bytes:
    """All figures in Prometheus' text format, summed over the workers."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types there
    return generate_latest(registry)


def of_list(document: Any) -> None:
    """Count a list."""
    LISTS.labels(personal=str(bool(document.personal)).lower()).inc()
