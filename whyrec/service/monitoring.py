"""Figures of the service for Prometheus: requests, seconds, what lists are like; never an id."""

import os
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
REQUESTS = Counter("whyrec_requests", "Requests answered.", ["route", "status"])
DURATION = Histogram("whyrec_request_seconds", "Seconds from request to answer.", ["route"], buckets=SECONDS)
LISTS = Counter("whyrec_lists", "Lists given, by whether anything about the person was known.", ["personal"])
EVENTS = Counter("whyrec_events", "Events taken, by relation and what became of them.", ["relation", "outcome"])
DRIFT = Gauge("whyrec_drift", "Whether a figure of traffic drifted.", ["figure"], multiprocess_mode="livemax")
_ACCEPTED, _REJECTED = (EVENTS.labels(relation="all", outcome=one) for one in ("accepted", "rejected"))
PENDING = Gauge("whyrec_events_pending", "Events that no load has taken over.", multiprocess_mode="livemax")


def exposition() -> bytes:
    """All figures in Prometheus' text format, summed over the workers."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types there
    return generate_latest(registry)


def of_list(personal: bool) -> None:
    """Count a list, by whether anything about the person was known."""
    _list_counter(personal).inc()


def of_events(accepted: int, rejected: int) -> None:
    """Count events."""
    _ACCEPTED.inc(accepted)
    _REJECTED.inc(rejected)


def of_request(route: str, status: int, seconds: float) -> None:
    """Count a request."""
    duration, requests = _request_figures(route, status)
    duration.observe(seconds)
    requests.inc()


@lru_cache(maxsize=2)
def _list_counter(personal: bool) -> Counter:
    return LISTS.labels(personal=str(personal).lower())


@lru_cache(maxsize=1_000)
def _request_figures(route: str, status: int) -> tuple[Histogram, Counter]:
    return DURATION.labels(route=route), REQUESTS.labels(route=route, status=str(status))
