"""The engine: everything whyrec does with one workspace, for notebooks, services and jobs."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UsageError
from kg.progress import Progress, no_progress
from kg.workspace.creation import create_workspace
from kg.workspace.outputs import remember_output
from kg.workspace.permissions import private_files
from whyrec.options import made
from whyrec.workspace.responsibility.responsibility import Responsibility

if TYPE_CHECKING:
    from typing import Unpack

    from kg.export.export import Export
    from whyrec.reports import (
        LinksReport,
        LoadReport,
        RefreshReport,
        StatusReport,
        TrainReport,
    )
    from whyrec.workspace.load import HowToLoad
    from whyrec.workspace.train import VectorOptions


class Engine(Responsibility):
    """A workspace, opened: loads, trains, recommends and explains; safe for many threads.

    What the engine itself loads, trains or forgets, it answers from at once; what other processes did, from
    :meth:`reload` on.
    """

    def load(
        self,
        paths: "Iterable[Path | str]" = (),
        *,
        mapping: Path | str | None = None,
        progress: Progress | None = None,
        **how: "Unpack[HowToLoad]",
    ) -> "LoadReport":
        """Load files into the store, and take its snapshot; loading the same again changes nothing.

        :param paths: files named after a type or a relation, or RDF; none: what the mapping names.
        :param mapping: a mapping file; the workspace's ``mapping.toml`` where absent.
        :param how: see :class:`whyrec.workspace.load.Loading`.
        :raises MappingError: for a file that is not there, or a mapping that does not fit.
        :raises ReadError: for a file that cannot be read as a whole.
        :raises LimitError: where more rows are bad than ``max_rejects``, or not one row of a file is good; nothing was
            written then.
        :raises StoreError: where the store fails, with what is safe by then.
        """
        from whyrec.privacy.retention import retain
        from whyrec.workspace.load import Loading, load_files  # polars, which answering does not need

        chosen = None if mapping is None else Path(mapping)
        asked = made(Loading, how, paths=tuple(map(Path, paths)), mapping=chosen)
        if not asked.dry_run:
            self._keep()
        report = load_files(self.workspace, asked, progress or self._progress)
        if not asked.dry_run:
            with private_files():
                retain(self.workspace)
            report = self._watched(report, progress or self._progress)
            self._keep()
            self._renew()
        return report

    def _watched(self, report: "LoadReport", progress: Progress) -> "LoadReport":
        """What a load did, and what ``[anomalies] watch`` makes of it."""
        if not self.workspace.settings.anomalies.watch or report.snapshot is None:
            return report
        from whyrec.workspace.responsibility.flagging import flag

        told = flag(self.workspace, progress)
        notices = [*report.notices, *([told.text] if told.file else [])]
        return report.model_copy(update={"notices": notices, "snapshot": self.workspace.snapshot().hash})

    def load_events(self, *, progress: Progress | None = None) -> "LoadReport | None":
        """Take the events that the service gathered over into the store, each once; ``None`` where there are none.

        :raises StoreError: where the store fails; the events stay in the log, and the same call takes them over.
        """
        from whyrec.events.loading import load_events  # polars, which answering does not need
        from whyrec.privacy.retention import retain

        self._keep()
        report = load_events(self.workspace, progress or self._progress)
        with private_files():
            retain(self.workspace)
        if report is not None:
            report = self._watched(report, progress or self._progress)
            self._keep()
            self._renew()
        return report

    def propose_links(self, out: Path | str | None = None, threshold: float = 0.6) -> "LinksReport":
        """Propose links of items to what two domains share, in a file that a person reads and changes.

        :param out: the file; ``links.csv`` of the workspace where absent.
        :param threshold: confidence, in [0, 1], from which a link is accepted in the file.
        :raises UsageError: where the extra ``links`` is not installed, or the file cannot be written, or is there and
            is another one.
        """
        from kg.workspace.output_file import check_output, starts_with
        from whyrec.workspace.links import FILE, STARTS, propose  # the model of a language takes seconds to import

        file = Path(out or self.workspace.folder / FILE)
        check_output(file, starts_with(*STARTS), self.workspace, force=None)
        return propose(self.snapshot, file, threshold)

    def load_links(self, file: Path | str | None = None) -> "LoadReport":
        """Load the links that a file accepts, weighted by their confidence.

        :raises UsageError: for a file that is not there, lacks a column, or accepts nothing.
        """
        from whyrec.workspace.links import FILE, load_accepted  # polars, which answering does not need

        return load_accepted(self, Path(file or self.workspace.folder / FILE))

    def train(
        self,
        *,
        embeddings: bool = True,
        resume: bool = False,
        hold_out: str = "last",
        engine: str = "local",
        master: str | None = None,
        progress: Progress | None = None,
        **vectors: "Unpack[VectorOptions]",
    ) -> "TrainReport":
        """Bring snapshot, kernels, vectors and weights up to date with the store; what is up to date is skipped.

        :param embeddings: without, paths and popularity alone are learned, which needs no torch.
        :param resume: go on where an interrupted training stopped.
        :param hold_out: what weights are learned on: each person's ``last`` interactions; ``temporal``, the latest
            tenth of all; ``random``, any, which it is where there are no times; ``new-items``, any, and all of a fifth
            of the items.
        :param engine: where kernels and regressions are made: ``local``, processes of this machine; ``spark``, a task
            per block of rows on the cluster ``master`` names; the same bits.
        :param vectors: model, dim, epochs …, see :class:`embeddings.vectors.config.TrainingConfig`.
        :raises UsageError: for an unknown model, or a number out of its range.
        :raises SnapshotError: where the store is empty.
        :raises TrainingError: where there is nothing to train on, or numbers are not finite.
        """
        from whyrec.privacy.retention import retain
        from whyrec.spark.blocks import working_on
        from whyrec.workspace.train import Training, hold_out_of, training_config  # polars, which answers do not need

        told, kind = progress or self._progress, hold_out_of(hold_out)
        wanted = training_config(self.workspace, told, dict(vectors)) if embeddings else None
        self._keep()
        with working_on(engine, master):
            report = Training(self.workspace, wanted, resume, told, kind).run()
        self._renew()
        if self.workspace.settings.objectives.floors and not report.up_to_date:
            report = report.model_copy(update={"notices": [*report.notices, self._objectives_solved(told)]})
            self._renew()
        with private_files():
            retain(self.workspace)
        self._keep()
        return report

    def _objectives_solved(self, told: Progress) -> str:
        """What the objectives of the workspace took after a training, in words."""
        from whyrec.workspace.responsibility.objectives import objectives_after_training

        return objectives_after_training(self.workspace, self.recommender, self._rules(None, {}), told)

    def refresh(self, full: bool = False, progress: Progress | None = None) -> "RefreshReport":
        """Take over what another program wrote to the store; answers come from it at once.

        :param full: read and compare all of the store, even if its fingerprint is the same.
        :raises SnapshotError: where the store is empty, or between two states.
        """
        from whyrec.privacy.retention import retain
        from whyrec.workspace.refresh import refresh

        self._keep()
        report = refresh(self.workspace, full, progress or self._progress)
        with private_files():
            retain(self.workspace)
        self._keep()
        self._renew()
        return report

    def status(self) -> "StatusReport":
        """What store, snapshot and model hold, what is stale, and the next step."""
        from whyrec.workspace.status import status

        return status(self.workspace)

    def export(
        self,
        file: Path | str,
        *,
        around: str | None = None,
        depth: int | None = None,
        people: bool = True,
        force: bool = False,
    ) -> "Export":
        """Write the graph, or a part of it, to one file: .graphml, .json, .ttl, .nt or .jsonld.

        :param around: only this entity, an id or ``Type:id``, and what is near it.
        :param depth: with ``around``: how many triples away, 1 or more; 1 where absent.
        :param people: whether entities of sensitive types are written.
        :param force: write over a file that is no such export.
        :raises UsageError: for an unknown suffix, or a file that cannot be written.
        """
        from kg.export.export import STARTS, export, part_of, writer_of
        from kg.workspace.output_file import check_output

        path = Path(file)
        writer_of(path)  # a wrong suffix is told before the work, not after
        check_output(path, STARTS[path.suffix.lower()], self.workspace, force)
        if depth is not None and around is None:
            raise UsageError("`depth` goes with `around`")
        schema = self.workspace.schema
        written = export(part_of(self.snapshot, around, depth or 1, people), path)
        named = [f"{n:,} {name}" for name, n in written.entities.items() if n and schema.entity[name].sensitive]
        if named:
            remember_output(self.workspace.folder, path)
        told = f"the file names people ({', '.join(named)}); `people=False` leaves them out"
        return written.model_copy(update={"notices": [*written.notices, *([told] if named else [])]})


def open(folder: Path | str, progress: Progress = no_progress) -> Engine:
    """Open a workspace.

    :raises WorkspaceError: where the folder is none.
    """
    return Engine(folder, progress)


def create(
    folder: Path | str,
    *,
    schema: str = "courses-cosmetics",
    store: str = "graph.lbug",
    example: bool = False,
    encrypt: bool = False,
    progress: Progress = no_progress,
) -> Engine:
    """Make a workspace, with access for its owner alone, and open it.

    :param schema: name of a shipped schema, or a TOML file.
    :param store: file of an embedded store, or ``neo4j://host:7687``.
    :param example: add the bundled example data and their mapping.
    :param encrypt: seal it, when asked to, to the key in ``WHYREC_SEAL_KEY``.
    :raises UsageError: where ``encrypt`` finds no key.
    :raises WorkspaceError: where the folder is a workspace already, or the schema is neither a name nor a file.
    :raises SchemaError: where the schema breaks the rules.
    :raises StoreError: where the URL cannot name a store, or holds a password.
    """
    amended: Callable[[str], str] = str
    key = None
    if encrypt:
        from kg.privacy.seal_key import public_key  # pyrage is an extra
        from kg.privacy.sealing import sealed_to

        key = public_key()
        amended = partial(sealed_to, key=key)
    workspace = create_workspace(Path(folder), schema, store, example=example, amended=amended)
    if key is not None:
        from whyrec.events.database import encrypt_logs

        encrypt_logs(workspace.folder, key)
    return Engine(folder, progress)
