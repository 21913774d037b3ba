"""Reporting: leaderboards, what loads left out, and lists written where other programs read them."""

from pathlib import Path
from typing import TYPE_CHECKING

from kg.progress import Progress
from whyrec.privacy.personal_data import PersonalData

if TYPE_CHECKING:
    from recommender.leaderboard.standing import Standing
    from recommender.serving.batch import Batch, Make
    from whyrec.workspace.publishing import PublishReport
    from whyrec.workspace.rejected import RejectedLoad


class Reporting(PersonalData):
    """Answers, the rights of people, and what is told of the workspace to others."""

    def leaderboards(self) -> "list[Standing]":
        """The models of each experiment that was run in the workspace, ranked."""
        from kg.workspace.workspace import EXPERIMENTS
        from whyrec.workspace.evaluation.experiments import Experiments  # what answering does not need

        if not (self.workspace.folder / EXPERIMENTS).is_dir():
            return []
        return [one.standing() for one in Experiments(self.workspace.folder, self._progress).finished()]

    def rejected(self, most: int = 10) -> "list[RejectedLoad]":
        """The newest loads that left rows out, and why.

        :param most: how many loads.
        """
        from whyrec.workspace.rejected import rejected_loads

        return rejected_loads(self.workspace, most)

    def publish(
        self,
        to: str,
        out: Path | str | None = None,
        *,
        n: int | None = None,
        domain: str | None = None,
        lang: str = "en",
        progress: Progress | None = None,
    ) -> "PublishReport":
        """Write everybody's list, with scores and reasons, where other programs read it.

        :param to: ``neo4j``: the server of the workspace; ``parquet``: the file ``out``; ``redis``: the
            server that ``[publish]`` of ``whyrec.toml`` names.
        :raises UsageError: for another target.
        :raises StoreError: where the server fails; lists that were not replaced yet are as before.
        """
        from whyrec.workspace.publishing import publish  # Arrow, which answering does not need

        path, told = None if out is None else Path(out), progress or self._progress
        report = publish(self, to, path, told, n=n, domain=domain, lang=lang)
        self._renew()
        return report

    def _on_spark(self, batch: "Batch", master: str | None) -> "Make":
        from whyrec.spark.lists import asked_of, made_by_spark  # Spark is an extra

        return made_by_spark(asked_of(self.opened.workspace, self.recommender, batch), batch, master)
