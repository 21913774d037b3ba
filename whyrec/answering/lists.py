"""Lists of many users: as Arrow record batches, or written to a file."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.counting import by_number
from kg.errors import ModelError, UsageError
from kg.identifier import as_text
from kg.progress import Progress
from kg.workspace.outputs import remember_output
from kg.workspace.permissions import private_files
from recommender.rules.rule_set import Rules
from whyrec.answering.decided import Decided
from whyrec.options import ListFileOptions, ManyOptions

if TYPE_CHECKING:
    from typing import Unpack

    import pyarrow as pa

    from recommender.serving.batch import Batch, Make
    from recommender.serving.recommender import Recommender
    from whyrec.reports import ListsReport


class Lists(Decided):
    """Answers about one person, about groups, and about everybody at once."""

    def lists(
        self,
        users: Sequence[str | tuple[str, int]] | None = None,
        *,
        n: int | None = None,
        domain: str | None = None,
        workers: int = 1,
        progress: Progress | None = None,
        typed: bool = False,
        **rules: "Unpack[ManyOptions]",
    ) -> "Iterator[pa.RecordBatch]":
        """The lists of many users as Arrow record batches, some thousand users each; what ``--all`` writes.

        Columns: ``user_id`` string, ``rank`` int32 from 1, ``item_id`` string, ``score`` float64. Scores are those of
        :meth:`recommend`, bit for bit. With ``reasons`` above 0 also ``paths``, ``embedding`` and ``popularity``, which
        sum to the score, and ``reason_1`` … in words, null where there are fewer.

        :param users: ids, ``Type:id`` where two types share ids, or types and indices, which are nobody else's whatever
            ids look like; each once, however often she is named; everybody where absent.
        :param workers: processes at work, forked from this one; with 1 nothing is forked, as Spark and threads want.
        :param typed: whether ``item_type`` follows as the last column, for catalogues in which two types share ids.
        :raises UnknownEntityError: for an unknown user.
        """
        from recommender.serving.batch import lists_of  # Arrow, which one user's list does not need

        told = rules.pop("reasons", 0), rules.pop("lang", "en")
        asked = self._rules(domain, rules), self._n(n)
        recommender = self.recommender
        batch = self._batch(recommender, users, asked, workers, told)
        return lists_of(recommender, batch, progress or self._progress, typed=typed)

    def write_lists(
        self,
        out: Path | str,
        users: Sequence[str] | None = None,
        *,
        n: int | None = None,
        domain: str | None = None,
        progress: Progress | None = None,
        **how: "Unpack[ListFileOptions]",
    ) -> "ListsReport":
        """Write the lists of many users to a file, on all cores; what was killed goes on where it stopped.

        :param out: the file, ``.parquet``, ``.csv``, ``.jsonl`` or ``.xlsx``; what is done is kept in ``.<name>.parts``
            beside it until it is whole.
        :param users: as in :meth:`lists`.
        :param how: rules, reasons, and what makes the file: :class:`whyrec.options.ListFileOptions`.
        :raises UsageError: where the file cannot be written, or another process is writing it.
        :raises ModelError: where somebody was forgotten meanwhile, whose list would be in it; nothing is left of it.
        """
        from kg.workspace.forgotten_digests import shows_forgotten
        from kg.workspace.output_file import check_output
        from recommender.serving.batch import recommend_all  # Arrow, which one user's list does not need
        from recommender.serving.list_file import is_list_file, list_format
        from whyrec.reports import ListsReport

        list_format(Path(out))
        check_output(Path(out), is_list_file, self.workspace, how.pop("force", False))
        engine, master = how.pop("engine", "local"), how.pop("master", None)
        told = how.pop("reasons", 0), how.pop("lang", "en")
        asked = self._rules(domain, how), self._n(n)
        recommender = self.recommender
        batch = self._batch(recommender, users, asked, None, told)
        inside = Path(out).resolve().is_relative_to(self.workspace.folder.resolve())
        remember_output(self.workspace.folder, Path(out))  # its parts name people before it is whole
        with private_files() if inside else nullcontext():
            make = self._elsewhere(batch, engine, master)
            result = recommend_all(recommender, batch, Path(out), progress or self._progress, make)
        remember_output(self.workspace.folder, Path(out))
        if shows_forgotten(self.workspace.folder, recommender.snapshot):
            Path(out).unlink(missing_ok=True)
            raise ModelError(f"{out}: somebody was forgotten while lists were made, which are removed; make them again")
        notices = recommender.model.notices_in(asked[0], told[1])
        if result.restarted:
            notices.append(f"{out}: an unfinished run with other users, rules, length or model was thrown away")
        if result.resumed:
            notices.append(by_number(f"went on after {result.resumed:,} [user|users] of an unfinished run"))
        return ListsReport(
            out=str(out), users=len(batch.users), **vars(result), model=recommender.model.info, notices=notices
        )

    def batch(self, users: Sequence[str] | None, *, n: int | None = None, **rules: Any) -> "Batch":
        """What decides the lists of many users, as :meth:`lists` would make them."""
        told = rules.pop("reasons", 0), rules.pop("lang", "en")
        asked = self._rules(rules.pop("domain", None), rules), self._n(n)
        return self._batch(self.recommender, users, asked, 1, told)

    def _elsewhere(self, batch: "Batch", engine: str, master: str | None) -> "Make | None":
        """What makes the parts of a batch where it is not this machine's own processes."""
        if engine == "local":
            if master is not None:
                raise UsageError('`master` names a Spark cluster; it goes with `engine` = "spark"')
            return None
        if engine != "spark":
            raise UsageError(f"`engine` {engine!r}: expected local or spark")
        return self._on_spark(batch, master)

    def _on_spark(self, batch: "Batch", master: str | None) -> "Make":
        raise NotImplementedError  # of :class:`whyrec.Engine`

    @staticmethod
    def _batch(
        recommender: "Recommender",
        users: Sequence[str | tuple[str, int]] | None,
        asked: tuple[Rules, int],
        workers: int | None,
        told: tuple[int, str],
    ) -> "Batch":
        """:param asked: rules and the length of a list; ``told``: number of reasons, and their language."""
        from recommender.serving.batch import Batch

        if users is None:
            return Batch(recommender.users(), *asked, workers, *told)
        if isinstance(users, str):
            raise UsageError("`users` is one text; give a list of ids")
        vocabulary, types = recommender.snapshot.vocabulary, recommender.snapshot.schema.user_types
        found = [one if isinstance(one, tuple) else vocabulary.find(as_text(one), types) for one in users]
        found = list(dict.fromkeys(found))  # a list of each, however often she is named
        return Batch(found, *asked, workers, *told)
