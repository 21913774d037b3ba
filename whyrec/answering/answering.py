"""Answering: what whyrec says about people and items, from one snapshot and one model at a time."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from kg.errors import UsageError, WhyrecError
from kg.identifier import as_text
from kg.progress import Progress, no_progress
from kg.workspace.workspace import Workspace
from recommender.rules.rule_set import Rules
from whyrec.answering.naming import NAMING, Naming
from whyrec.answering.notebook import account_html, list_html
from whyrec.answering.opening import Opened, opened
from whyrec.options import DomainOptions, ListOptions, RuleOptions, checked, rules_of, rules_over, taken, whole_number

if TYPE_CHECKING:
    from typing import Unpack

    from embeddings.link_prediction.prediction import Prediction
    from kg.snapshot.snapshot import Snapshot
    from recommender.results.account import Account
    from recommender.results.counterfactual import WhatIf, WhyNot
    from recommender.results.recommendation import Recommendation
    from recommender.results.search import Answers, Found
    from recommender.results.similar import Similar
    from recommender.serving.recommender import Recommender


class Answering:
    """Answers about one workspace, to many threads at a time.

    What they come from, a snapshot and the model that fits it, is never changed but replaced as one, by
    :meth:`reload`; an answer that is under way is finished on what it began with.

    :param folder: of the workspace.
    :param progress: is told how far anything long has come, unless a method is given another one.
    :param lasting: keep all files of a snapshot mapped, so that loads of other processes take nothing away; a program
        that answers once and ends can do without, and starts sooner.
    :raises WorkspaceError: where the folder is no workspace.
    """

    def __init__(self, folder: Path | str, progress: Progress = no_progress, *, lasting: bool = True) -> None:
        self.workspace = Workspace(Path(folder))
        self._progress, self._lasting = progress, lasting
        self._opened: Opened | None = None
        self._lock = Lock()

    def recommend(
        self,
        user: str | None = None,
        *,
        n: int | None = None,
        domain: str | None = None,
        anchors: Sequence[str] = (),
        lang: str = "en",
        told: bool = True,
        **options: "Unpack[ListOptions]",
    ) -> "Recommendation":
        """The best items for a user, each with its score, its shares and a reason.

        :param user: id of a user; ``None`` for somebody who is not in the graph and described by ``anchors`` alone.
        :param n: length of the list, 1 or more; the workspace's (10 by default) where absent.
        :param domain: only items of this domain; all domains compete where absent.
        :param anchors: ``relation:ID`` texts: what somebody has, on top of what the graph knows of the user.
        :param lang: language of labels and reasons, ``en`` or ``zh``.
        :param told: whether each item gets its reason; without them an answer takes a sixth of the time.
        :param options: rules and the arrangement of the list, see :class:`whyrec.options.ListOptions`.
        :raises UnknownEntityError: for an unknown user, anchor or avoided entity, naming the nearest ids.
        :raises UsageError: for an unknown relation, domain or option value, or neither user nor anchors.
        """
        from recommender.reranking.mmr import Arrangement  # a load answers nobody, and needs none of these
        from recommender.serving.recommender import Request

        if "diversity" not in options and not options.get("quota"):
            options["diversity"] = self.workspace.settings.objectives.diversity
        reader, (arranged, rules) = options.pop("reader", "customer"), taken(Arrangement, options)
        asked, having = (self._rules(domain, rules), self._n(n)), tuple(self._naming.anchors(anchors))
        request = Request(user, having, *asked, lang, arrangement=arranged.checked(), told=told, reader=reader)
        return self.recommender.recommend(request).shown_by(partial(list_html, lang=lang))

    def why(
        self,
        user: str | None,
        item: str,
        *,
        anchors: Sequence[str] = (),
        domain: str | None = None,
        lang: str = "en",
        reader: str = "customer",
        **rules: "Unpack[RuleOptions]",
    ) -> "Account":
        """The full account of one score: parts that add up to it, paths that add up to their part.

        :param user: id of a user; ``None`` for somebody whom ``anchors`` alone describe.
        :param item: id or name of an item; ``Type:id`` where two types share ids.
        :param domain: the list is of this domain alone, and the rank and what keeps the item out are those there.
        :raises UnknownEntityError: for an unknown user or item, naming the nearest ids.
        """
        from recommender.serving.recommender import Request

        naming = self._naming
        having = tuple(naming.anchors(anchors))
        request = Request(user, having, self._rules(domain, rules), lang=lang, reader=reader)
        opened = self.opened
        schema = opened.snapshot.schema
        return opened.recommender.why(request, naming.item(item)).shown_by(
            partial(account_html, schema=schema, lang=lang)
        )

    def why_not(
        self,
        user: str | None,
        item: str,
        *,
        anchors: Sequence[str] = (),
        n: int | None = None,
        lang: str = "en",
        change: str | None = None,
        **rules: "Unpack[DomainOptions]",
    ) -> "WhyNot":
        """Why an item is not among the first n, and the smallest change, verified, that would bring it there.

        :param change: what may change: ``item``, ``user`` or ``rules``; anything, the item last, where absent.
        :raises UsageError: for another ``change``.
        :raises UnknownEntityError: for an unknown user or item, naming the nearest ids.
        """
        from recommender.counterfactual.search import CHANGES
        from recommender.counterfactual.why_not import why_not  # named like the question
        from recommender.serving.recommender import Request

        if change not in (None, *CHANGES):
            raise UsageError(f"`change` {change!r}: expected {', '.join(CHANGES[:-1])} or {CHANGES[-1]}")
        domain = rules.pop("domain", None)
        asked, having = (self._rules(domain, rules), self._n(n)), tuple(self._naming.anchors(anchors))
        request = Request(user, having, *asked, lang, change=change)
        return why_not(self.recommender, request, self._naming.item(item))

    def what_if(
        self,
        user: str | None = None,
        *,
        anchors: Sequence[str] = (),
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        n: int | None = None,
        lang: str = "en",
        **rules: "Unpack[DomainOptions]",
    ) -> "WhatIf":
        """A list before and after a change of what somebody has, and why items moved; nothing is written.

        :param add: anchors to have, ``relation:ID``.
        :param remove: anchors not to have: ``relation:ID``, ``Type:ID`` or an id alone.
        :raises UnknownEntityError: for an unknown user or anchor, naming the nearest ids.
        :raises UsageError: where nothing changes, or the user does not have what is to go.
        """
        from recommender.counterfactual.what_if import what_if  # named like the question
        from recommender.serving.recommender import Request

        if not add and not remove:
            raise UsageError("say what changes: `add`, `remove`, or both")
        domain = rules.pop("domain", None)
        asked, having = (self._rules(domain, rules), self._n(n)), tuple(self._naming.anchors(anchors))
        request = Request(user, having, *asked, lang)
        return what_if(self.recommender, request, self._naming.anchors(add), self._naming.anchors(remove))

    def similar(self, item: str, n: int = 5, *, domain: str | None = None, lang: str = "en") -> "Similar":
        """The n nearest items of each domain, or of one, by shared attributes and by the people who used both.

        :raises UnknownEntityError: for an unknown item, naming the nearest ids.
        :raises UsageError: for an unknown domain.
        """
        return self.opened.similar_items(lang).of(self._naming.item(item), self._n(n), domain)

    def find(self, text: str, types: Sequence[str] = (), n: int = 10, *, lang: str = "en") -> "Found":
        """The entities that a text may mean: by id, label, alias, beginning, words inside, pinyin, or with a typo.

        People are found by their exact ids alone.

        :param types: entity types to look among; all where empty.
        :raises UsageError: for an unknown type.
        """
        return self.opened.finder.find(text, types, self._n(n), lang)

    def ask(
        self, question: str, *, user: str | None = None, n: int = 20, lang: str | None = None, phrase: bool = False
    ) -> "Answers":
        """Answer a question in English or Chinese from the graph, each answer with the triples that say so.

        :param user: whose scores decide the order; popularity where absent.
        :param n: most answers; ``count`` says how many there are.
        :param lang: of the answer; that of the question where absent.
        :param phrase: also in the words of the language model that the environment names, see
            :mod:`whyrec.answering.language_model`; it is given the plan and the cited triples, and decides nothing.
        :raises UsageError: for an empty question, or ``phrase`` without a language model.
        :raises UnknownEntityError: for an unknown user.
        """
        asker, question = self.opened.asker, as_text(question)
        if not phrase:
            return asker.ask(question, user=user, n=self._n(n), lang=lang)
        from whyrec.answering.language_model import LanguageModel  # answers need none
        from whyrec.answering.phrased import phrased

        model = LanguageModel.of_environment()
        return phrased(asker.ask(question, user=user, n=self._n(n), lang=lang), model, asker.lexicon, lang)

    def entity(self, text: str) -> tuple[str, int]:
        """Type and index of the one entity, no person, that an id or a name means.

        :raises UnknownEntityError: where none has it.
        :raises UsageError: where several have.
        """
        schema = self.snapshot.schema
        return self.opened.finder.entity(text, [name for name, one in schema.entity.items() if not one.sensitive])

    @property
    def _naming(self) -> Naming:
        return Naming(self.opened)

    def predict(self, first: str, second: str, n: int = 10) -> "Prediction":
        """The n likeliest missing triples, with probabilities where enough triples were held out to calibrate.

        :param first: id of a head, or a relation.
        :param second: a relation after a head, or the id of a tail; ``Type:id`` for an entity named like a relation.
        :raises UsageError: where none of the two is a relation, or both are, or what is asked for are people.
        :raises ModelError: where no vectors were trained, or they belong to another snapshot.
        """
        from recommender.serving.missing_triples import missing_triples  # needs vectors, which lists may lack

        opened = self.opened
        return missing_triples(opened.snapshot, opened.workspace.model, (first, second), self._n(n))

    def reload(self, progress: Progress | None = None) -> None:
        """Answer from the newest snapshot and model; answers under way are finished on the old ones.

        :raises SnapshotError: where nothing is loaded, or the snapshot is damaged; the old one goes on answering.
        :raises ModelError: where the model is damaged; likewise.
        """
        found = opened(self.workspace, progress or self._progress, lasting=self._lasting)
        _ = found.recommender
        self._opened = found

    @property
    def notices(self) -> list[str]:
        """What was done on opening that a person may want to know."""
        return list(self._opened.notices) if self._opened else []

    @property
    def opened(self) -> Opened:
        """What answers come from now, opened at the first question; hold it to ask several of the same model."""
        found = self._opened
        if found is None:
            with self._lock:
                found = self._opened
                if found is None:
                    found = opened(self.workspace, self._progress, lasting=self._lasting)
                    self._opened = found
        return found

    @property
    def recommender(self) -> "Recommender":
        """The recommender that answers now."""
        return self.opened.recommender

    @property
    def snapshot(self) -> "Snapshot":
        """The snapshot that answers come from now."""
        return self.opened.snapshot

    def _keep(self) -> None:
        """Keep what is in force now, to say later why a list changed."""
        from whyrec.answering.history import keep_period  # answering alone keeps nothing

        keep_period(self.workspace)

    def _renew(self) -> None:
        """Answer from what was just made; where nothing was asked yet, the first question opens it."""
        if self._opened is None or not self._lasting:
            self._opened = None
            return
        try:
            self.reload()
        except WhyrecError:  # what is gone may not go on answering; the next question says what is wrong
            self._opened = None

    def _rules(self, domain: str | None, options: Mapping[str, object]) -> Rules:
        known = checked(options, RuleOptions.__optional_keys__)
        named = self._naming.rules(known) if any(known.get(key) for key in NAMING) else known
        return rules_over(self._house_rules(), {"domain": domain, **named})

    def _house_rules(self) -> Rules:
        """The rules that hold for everybody."""
        return rules_of(self.workspace, {})

    def _n(self, n: int | None) -> int:
        return whole_number("n", self.workspace.settings.recommend.n if n is None else n)
