"""Figures of the service for Prometheus: requests, seconds, what lists are like; never an id.

Each is of one workspace, and whoever asks is told those of their own; what came without a token is of none.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
REQUESTS = Counter("whyrec_requests", "Requests answered.", ["workspace", "route", "status"])
DURATION = Histogram("whyrec_request_seconds", "Seconds of a request.", ["workspace", "route"], buckets=SECONDS)
LISTS = Counter("whyrec_lists", "Lists, by whether anything about the person was known.", ["workspace", "personal"])
EVENTS = Counter("whyrec_events", "Events, by what became of them.", ["workspace", "relation", "outcome"])
_LAST: Literal["mostrecent"] = "mostrecent"
"""Of several workers: whoever looked last. The largest would be that of a worker which nobody asks any more."""
DRIFT = Gauge("whyrec_drift", "Whether traffic drifted.", ["workspace", "figure"], multiprocess_mode=_LAST)
PREPARED = Gauge(
    "whyrec_prepared_lists", "Lists that were made for all workers to give.", ["workspace"], multiprocess_mode=_LAST
)
PENDING = Gauge("whyrec_events_pending", "Events that wait for a load.", ["workspace"], multiprocess_mode=_LAST)


def exposition(workspace: str) -> bytes:
    """The figures of a workspace, and those of none, in Prometheus' text format, summed over the workers."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types there
    return generate_latest(_Own(registry, workspace))


@dataclass(frozen=True)
class _Own:
    """What a registry tells of one workspace."""

    registry: CollectorRegistry
    workspace: str

    def collect(self) -> Iterator[Metric]:
        """The figures that are of no other workspace."""
        for metric in self.registry.collect():
            own = [one for one in metric.samples if one.labels.get("workspace", "") in ("", self.workspace)]
            if own or not metric.samples:
                metric.samples = own
                yield metric


def of_list(workspace: str, personal: bool) -> None:
    """Count a list, by whether anything about the person was known."""
    _list_counter(workspace, personal).inc()


def of_events(workspace: str, accepted: int, rejected: int) -> None:
    """Count events."""
    for outcome, count in (("accepted", accepted), ("rejected", rejected)):
        EVENTS.labels(workspace=workspace, relation="all", outcome=outcome).inc(count)


def of_request(workspace: str, route: str, status: int, seconds: float) -> None:
    """Count a request.

    :param workspace: of the token that came with it; empty where none did.
    """
    duration, requests = _request_figures(workspace, route, status)
    duration.observe(seconds)
    requests.inc()


@lru_cache(maxsize=100)
def _list_counter(workspace: str, personal: bool) -> Counter:
    return LISTS.labels(workspace=workspace, personal=str(personal).lower())


@lru_cache(maxsize=1_000)
def _request_figures(workspace: str, route: str, status: int) -> tuple[Histogram, Counter]:
    found = DURATION.labels(workspace=workspace, route=route)
    return found, REQUESTS.labels(workspace=workspace, route=route, status=str(status))
