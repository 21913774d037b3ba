"""The watch: every hour, one worker removes what was kept long enough, looks whether traffic drifted, and ends an
experiment whose candidate is worse."""

import logging
from threading import Event, Thread

from kg.errors import WhyrecError
from kg.file_lock import FileLock
from kg.workspace.permissions import private_files
from whyrec.engine import Engine
from whyrec.events.database import database_errors
from whyrec.online_evaluation.live import Live
from whyrec.privacy.retention import retain
from whyrec.service.monitoring import DRIFT

SECONDS = 3_600.0
GUARDRAIL = "guardrail"
"""Who stops a worse candidate."""
log = logging.getLogger("whyrec.service")


class Watch:
    """Looks after the traffic of one workspace until it is closed; of several workers the first does.

    :param name: of the workspace in this service.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._name, self._ended = engine, name, Event()
        self._thread = Thread(target=self._run, name=f"watch of {name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        lock = None
        while not self._ended.wait(SECONDS):
            lock = lock or FileLock.try_acquire(self._engine.workspace.folder / "service" / "watch.lock")
            if lock is not None:
                look(self._engine, self._name)
        if lock is not None:
            lock.release()


def look(engine: Engine, name: str) -> None:
    """Look once: remove what is older than ``[retention] days``, set the figure of drift, stop a worse candidate."""
    try:
        with private_files():
            retain(engine.workspace)
        found = Live(engine)
        told = found.drift()
        for one in told.figures:
            DRIFT.labels(workspace=name, figure=one["figure"]).set(int(one["alarm"]))
        experiment = found.experiment()
        if experiment is not None and experiment.verdict == "worse" and not experiment.stopped:
            engine.decisions.stop(experiment.name, GUARDRAIL)
    except _passing() as problem:  # nothing is loaded, or a log is locked, just now: the next look tries again
        log.warning("watch: %s", type(problem).__name__)


def _passing() -> tuple[type[Exception], ...]:
    """What goes wrong for a while."""
    return WhyrecError, OSError, *database_errors()
