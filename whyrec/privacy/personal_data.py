"""What the data of people asks for: to be forgotten, to be told, new pseudonyms, and figures with noise."""

from collections.abc import Sequence
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UsageError
from kg.progress import Progress
from kg.workspace.permissions import private_files
from recommender.texts.messages import translated
from whyrec.answering.lists import Lists
from whyrec.answering.shop_questions import ITEMS
from whyrec.options import made

if TYPE_CHECKING:
    from typing import Unpack

    from kg.privacy.differential_privacy import Payment
    from recommender.audit.popularity import Popularity
    from recommender.results.responsibility.private import PrivateAnswer
    from whyrec.privacy.access_request import PersonReport
    from whyrec.privacy.federation import HowToOffer
    from whyrec.privacy.key_rotation import RotationReport
    from whyrec.privacy.offers import AcceptReport, OfferReport
    from whyrec.privacy.unsealing import UnsealReport
    from whyrec.reports import ForgetReport


class PersonalData(Lists):
    """Answers, and the rights of those whose data they come from."""

    def forget(self, user: str, *, progress: Progress | None = None, lang: str = "en") -> "ForgetReport":
        """Erase a person from store, snapshot, model and rejects, and search every file of the workspace for the id.

        :param user: id of a person; ``Type:id`` where two types of people share ids.
        :param lang: of what is to be said besides.
        :raises UnknownEntityError: where nothing knows the id.
        :raises StoreError: where the store fails; the same call goes on.
        """
        from kg.privacy.erasure.erasure import Elsewhere, forget  # polars, which answering does not need
        from whyrec.events.log import EventLog
        from whyrec.events.taking_over import alone
        from whyrec.privacy.access_request import known_elsewhere
        from whyrec.privacy.forgotten_decisions import forget_in_decisions
        from whyrec.privacy.offers import sent_before
        from whyrec.reports import ForgetReport

        log = self.workspace.folder / "service"
        there = log.is_dir()
        with (
            private_files(),
            alone(log) if there else nullcontext(),
            closing(EventLog(log)) if there else nullcontext() as events,
        ):

            def erase(person: str, types: Sequence[str]) -> None:
                """Only once it is sure who is meant."""
                if events is not None:
                    events.forget(person, types)
                forget_in_decisions(self.workspace, person, types)
                self._withdraw(person, types)

            known = partial(known_elsewhere, self.workspace)
            erasure = forget(self.workspace, user, progress or self._progress, Elsewhere(known, erase))
        self._renew()
        report = ForgetReport.model_validate(erasure.to_json())
        erased = [translated(one, lang) for one in report.notices]
        notices = [*erased, *sent_before(self.workspace, lang), *self._other_workspaces("forget there, too", lang)]
        return report.model_copy(update={"notices": notices})

    def _other_workspaces(self, then: str, lang: str) -> list[str]:
        """What is to be said where another workspace has the same people: the candidate of an experiment, or a sealed
        one that keeps what was written for this.

        :param then: what to do there.
        """
        from kg.workspace.outputs import sealed_outputs

        told = (
            f"{one} is sealed, and keeps what was made here: unseal it, and {then}"
            for one in sealed_outputs(self.workspace.folder)
        )
        return [*(translated(one, lang) for one in told), *self._candidate(then, lang)]

    def _candidate(self, then: str, lang: str) -> list[str]:
        told = self.workspace.settings.experiment.candidate
        folder = (self.workspace.folder / told).resolve()
        if not told or not folder.is_dir():
            return []
        return [translated(f"{folder}, the candidate of [experiment], is a workspace of its own: {then}", lang)]

    def unseal(self, sealed: Path | str | None = None) -> "UnsealReport":
        """Open what was sealed; whoever was forgotten since a copy was made is forgotten in it, too, and what grew too
        old meanwhile goes.

        :param sealed: a sealed copy; the workspace's own where absent.
        :raises UsageError: where the key is missing or another one.
        :raises WorkspaceError: where there is nothing sealed, or it is damaged.
        """
        from kg.workspace.permissions import private_files
        from whyrec.privacy.retention import retain
        from whyrec.privacy.unsealing import unsealed  # pyrage is an extra

        report = unsealed(self.workspace, None if sealed is None else Path(sealed), self.forget)
        with private_files():
            retain(self.workspace)
        self._renew()
        return report

    def _withdraw(self, person: str, types: Sequence[str]) -> None:
        """Remove the lists of a person from the Redis server that they are published to."""
        settings = self.workspace.settings.publish
        if settings.redis:
            from whyrec.workspace.redis_lists import RedisLists  # the client is an extra

            with RedisLists(settings.redis, settings.name, self.workspace.folder) as lists:
                lists.forget(person, types)

    def export_person(self, user: str, *, lang: str = "en") -> "PersonReport":
        """Everything that is held about a person, and everything that is concluded from it.

        :param user: id of a person; ``Type:id`` where two types of people share ids.
        :raises UnknownEntityError: where the store knows nobody of that id.
        """
        from kg.errors import SnapshotError
        from whyrec.privacy.access_request import export_person  # polars, which answering does not need

        try:
            recommender = self.recommender
        except SnapshotError:
            recommender = None
        report = export_person(self.workspace, recommender, user, lang)
        return report.model_copy(update={"notices": self._other_workspaces("ask there, too", lang)})

    def offer(self, to: str, out: Path | str | None = None, **how: "Unpack[HowToOffer]") -> "OfferReport":
        """Write sums over people, none of fewer than k, to a file that only a partner can read.

        :param to: the partner's public key, ``age1…``.
        :param out: the file.
        :param how: name, k …, see :class:`whyrec.privacy.federation.Offer`.
        :raises UsageError: for what is no key, a k below that of the workspace, or where there is nothing to send.
        """
        from whyrec.privacy.federation import Offer, offer  # pyrage is an extra

        asked = made(Offer, how, to=to, out=None if out is None else Path(out))
        return offer(self.workspace, self.snapshot, asked)

    def accept_offer(
        self, file: Path | str, *, dry_run: bool = False, lang: str = "en", progress: Progress | None = None
    ) -> "AcceptReport":
        """Take over the sums that a partner offers; ``train`` weighs them.

        :raises UsageError: for a missing or another key, or the workspace's own offer.
        :raises ReadError: where the file holds no such sums.
        """
        from whyrec.privacy.federation import accept  # pyrage is an extra

        report = accept(self.workspace, Path(file), progress or self._progress, dry_run=dry_run, lang=lang)
        if not dry_run:
            self._renew()
        return report

    def remove_partner(self, name: str, *, progress: Progress | None = None) -> None:
        """Let the sums of a partner count no longer.

        :raises UsageError: where there is no such partner.
        """
        from whyrec.privacy.federation import remove  # pyrage is an extra

        remove(self.workspace, name, progress or self._progress)
        self._renew()

    def rotate_pseudonyms(self, paths: Sequence[Path | str] = ()) -> "RotationReport":
        """Give all people new pseudonyms, of another key, see :mod:`whyrec.privacy.key_rotation`.

        :param paths: files with people's own ids that the mapping does not name.
        :raises UsageError: for a missing or wrong key, or people whose own ids no source file has.
        """
        from whyrec.privacy.key_rotation import rotate_pseudonyms  # polars, which answering does not need

        with private_files():
            report = rotate_pseudonyms(self.workspace, [Path(one) for one in paths])
        self._renew()
        return report

    def popularity(
        self,
        *,
        by: str | None = None,
        domain: str | None = None,
        private: bool = False,
        epsilon: float | None = None,
        lang: str = "en",
    ) -> "Popularity":
        """How many people used each item, or each thing that a relation of items leads to; most people first.

        :param by: a relation from items, such as ``made_by``.
        :param private: with noise, so that the numbers say next to nothing of any one person; paid from the budget of
            the day.
        :param epsilon: of a private release, above 0; that of the workspace where absent.
        :param lang: of labels and of what is said of the noise.
        :raises LimitError: where the budget of the day does not reach.
        """
        from recommender.audit.popularity import popularity

        if epsilon is not None and not private:
            raise UsageError("`epsilon` goes with `private`")
        return popularity(self.snapshot, by, domain, self._payment(epsilon) if private else None, lang)

    def private(
        self,
        question: str,
        entity: str | None = None,
        *,
        items: tuple[Sequence[str], str] = ((), ITEMS),
        domain: str | None = None,
        epsilon: float | None = None,
        lang: str = "en",
    ) -> "PrivateAnswer":
        """One of the shop's questions in numbers with noise, which may leave the house, paid from the day's budget.

        :param question: ``audience``, ``bridge``, ``gaps``, ``item`` or ``overview``.
        :param entity: what it is about: id or name; for ``audience`` also ``items``, and what they are called.
        :param epsilon: above 0; that of the workspace where absent.
        :raises UsageError: for another question.
        :raises LimitError: where the budget of the day does not reach.
        """
        from recommender.marketing.private.release import private_answer  # asked for seldom

        crowd, subject = self._crowd(None), None
        if question == "item":
            entity = self._item_named(entity or "")
        if entity is not None or items[0]:
            subject = self._subject(crowd, entity, items, lang)
        return private_answer(crowd, (question, subject, domain), self._payment(epsilon), lang)

    def _item_named(self, item: str) -> str:
        """An item as ``Type:id``."""
        found = self.opened.finder.entity(item, self.snapshot.schema.item_types)
        return f"{found[0]}:{self.snapshot.vocabulary.id(*found)}"

    def _payment(self, epsilon: float | None) -> "Payment":
        """What a private release is paid from.

        :param epsilon: that of the workspace where absent.
        """
        from kg.privacy.budget.ledger import PrivacyLedger
        from kg.privacy.differential_privacy import Payment

        settings = self.workspace.settings.privacy
        ledger = PrivacyLedger.of(self.workspace)
        return Payment(ledger, settings, settings.epsilon if epsilon is None else epsilon)
