"""Who is told how far something long has come."""

from typing import Protocol


class Progress(Protocol):
    """Is told how far something long has come, stage by stage.

    ``total`` is ``None`` where nobody knows it yet; ``done`` never falls within a stage; a stage begins with its first
    call. It is called by the thread that does the work and should return at once.
    """

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        """Tell of one stage.

        :param stage: what is done, such as ``purchases.csv`` or ``Training TransE``.
        :param done: bytes, rows, epochs, users … that are done.
        :param total: how many there are.
        :param note: what else a person may want to see, such as a speed.
        """
        ...


def no_progress(stage: str, done: int, total: int | None, note: str = "") -> None:
    """A :class:`Progress` that tells nobody."""


WAITING = "Waiting"
"""A stage in which nothing is done: the note says for what or whom."""
