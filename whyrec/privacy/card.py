"""The card of a workspace: model card (Mitchell et al., 2019) and privacy sheet, all of it from what is there."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.counting import by_number
from kg.instant import NO_TIME
from kg.k_anonymity import shown_count, told_interval, told_step, told_sum
from kg.privacy.seal_key import LOG_KEY
from kg.privacy.shared_times import SharedSpan, shared_span
from kg.snapshot.snapshot import Snapshot
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace
from recommender.evaluation.report import Evaluation
from recommender.learning.certificate import read_certificate
from recommender.learning.model import MANIFEST, read_manifest
from recommender.learning.objectives_file import read_objectives
from recommender.results.document import Result
from recommender.results.learning import DomainReport
from recommender.results.responsibility.audit import LEVELS, Audit
from recommender.rules.rule_set import Rules
from recommender.texts.languages import language
from recommender.texts.messages import translated
from recommender.texts.paths import spoken_domain
from whyrec.reports import StatusReport
from whyrec.workspace.status import status, stepped_counts

COARSE = 0.2
"""Steps of NDCG from which it is not told."""
KEPT = ("rejects", "events", "answers", "looks", "snapshots", "runs")
"""Names of the texts of what is kept, in the order of :class:`whyrec.reports.RetentionStatus`."""
Rows = Iterator[tuple[str, str]]


class CardSection(Result):
    """One part of a card: what is told, and what there is to tell."""

    title: str
    rows: list[tuple[str, str]]


class Card(Result):
    """The answer of ``card``."""

    title: str
    sections: list[CardSection]

    def markdown(self) -> str:
        """The card as a page of Markdown."""
        lines = [f"# {_cell(self.title)}"]
        for section in self.sections:
            lines += ["", f"## {section.title}", "", "| | |", "|---|---|"]
            lines += [f"| {_cell(name)} | {_cell(told)} |" for name, told in section.rows]
        return "\n".join(lines) + "\n"


def card(
    workspace: Workspace,
    snapshot: Snapshot,
    audit: Audit,
    evaluation: Evaluation | None,
    rules: Rules,
    *,
    lang: str = "en",
) -> Card:
    """Put the card together.

    :param audit: of the lists that the workspace serves, in the same language.
    :param evaluation: figures on what was held out; ``None`` where they were not asked for, which the card says.
    :param rules: those that hold for everybody.
    """
    found, teller = status(workspace), _Teller(workspace, snapshot, lang)
    sections = {
        "identity": teller.identity(),
        "data": teller.data(),
        "rests": teller.model(rules),
        "quality": figures_told(evaluation, snapshot.k, lang),
        "groups": groups_told(audit, lang),
        "limits": teller.limits(audit, found),
        "privacy": teller.privacy(found),
    }
    texts = teller.texts
    told = [CardSection(title=texts[name], rows=list(rows)) for name, rows in sections.items()]
    return Card(title=texts["title"].format(name=snapshot.schema.name), sections=told)


class _Teller:
    """Tells what is there, in a language."""

    def __init__(self, workspace: Workspace, snapshot: Snapshot, lang: str) -> None:
        self.workspace, self.snapshot, self.lang = workspace, snapshot, lang
        self.texts, self.k = language(lang).section("card"), workspace.settings.privacy.k

    def identity(self) -> Rows:
        """Of what it is the card."""
        t, path = self.texts, self.workspace.model / MANIFEST
        yield t["made"], t["made_told"].format(day=f"{datetime.now(UTC):%Y-%m-%d}", version=version("whyrec"))
        yield t["store"], "Neo4j" if "://" in self.workspace.settings.store else t["embedded"]
        yield t["snapshot"], self.snapshot.manifest.hash
        yield t["model"], sha256(path.read_bytes()).hexdigest() if path.is_file() else t["none_trained"]

    def data(self) -> Rows:
        """What the graph holds."""
        schema, t = self.snapshot.schema, self.texts
        domains = {one: spoken_domain(schema, schema.entity[one].domain or "", self.lang) for one in schema.item_types}
        for name, count in stepped_counts(self.snapshot).items():
            told = f"{count:,}" if isinstance(count, int) else count
            if name in schema.entity:
                yield name, f"{told}, {domains[name]}" if name in domains else told
            else:
                yield f"{schema.relation[name].head} {name} {schema.relation[name].tail}", told
        if self.k > 1:
            yield t["rounded"], t["counts_told"].format(k=self.k)
        span = _span(self.snapshot)
        if span is not None:
            yield t["dated"], t["dated_told"].format(first=span.first, last=span.last, k=self.snapshot.k)

    def model(self, rules: Rules) -> Rows:
        """What scores rest on.

        :param rules: those that hold for everybody.
        """
        t, manifest = self.texts, read_manifest(self.workspace.model)
        if manifest is None:
            yield t["weights"], t["weights_default"]
            yield from self._kept(rules)
            return
        if manifest.training is None:
            yield t["vectors"], t["none"]
        else:
            yield t["vectors"], _settings(manifest.training.model_dump()) + t["pilot"] * (not manifest.blend.embeds)
        blend = manifest.blend
        for domain in sorted({*blend.embedding, *blend.popularity}):
            weights = (one.get(domain, 0.0) for one in (blend.embedding, blend.popularity))
            yield t["weight_of"].format(domain=self._domain(domain)), ", ".join(f"{one:.4g}" for one in weights)
        yield t["metapaths"], f"{sum(weight > 0 for weight in blend.metapaths.values()):,}"
        yield from self._kept(rules)
        for one in manifest.learning:
            yield t[one.audience].format(domain=self._domain(one.domain)), self._learned(one)

    def _kept(self, rules: Rules) -> Rows:
        """What lists keep to besides scores, with a trained model and without."""
        t, certificate = self.texts, read_certificate(self.workspace.model)
        yield t["raised"], f"{len(read_objectives(self.workspace.model)):,}"
        if certificate is not None:
            places = {"alpha": f"{certificate.alpha:.1%}", "below": f"{certificate.below:g}"}
            places |= {"confidence": f"{1 - certificate.delta:.0%}", "n": f"{len(certificate.filtered):,}"}
            key = certificate.told_as(self.snapshot.hash, rules)
            tested = "" if key == "certified" else t[key]
            yield t["certified"], by_number(t["certified_told"].format(**places)) + tested

    def _learned(self, one: DomainReport) -> str:
        t, told = self.texts, self.texts["learned" if one.kept else "default"]
        step = told_step(1 / max(one.held_back, 1), self.k)
        if one.held_back < self.k or step >= COARSE:  # figures of so few would be theirs, or tell nothing
            return told
        places = {
            name: f"{told_sum(figure, step):.2f}" for name, figure in (("before", one.before), ("after", one.after))
        }
        places["p"] = f"{next(level for level in LEVELS if one.p <= level):g}"
        people = shown_count(one.people, self.k) if one.people else None
        return told + t["figures" if people is None else "figures_people"].format(people=people, **places)

    def limits(self, audit: Audit, found: StatusReport) -> Rows:
        """What lists do not reach, and what is not told."""
        t = self.texts
        for one in found.model.crossing if found.model is not None else ():
            ends = {"source": self._domain(one.source), "target": self._domain(one.target)}
            yield t["reaches"].format(**ends), translated(one.text.partition(", ")[2], self.lang)
        yield t["too_small"], f"{sum(domain.pooled for domain in audit.domains):,}"
        if audit.sampled:
            yield t["looked"], t["looked_told"].format(of=f"{audit.of:,}", people=audit.people)
        current = found.snapshot is not None and found.snapshot.current
        yield t["snapshot"], t["current" if current else "older"]
        for number, notice in enumerate(found.notices, start=1):
            told = translated(notice.replace(found.workspace, t["the_workspace"]), self.lang)
            yield t["notice"].format(n=number), told

    def privacy(self, found: StatusReport) -> Rows:
        """The privacy sheet."""
        settings, private, t = self.workspace.settings, self.workspace.settings.privacy, self.texts
        words = language(self.lang)
        types = [name for name, entity in self.workspace.schema.entity.items() if entity.sensitive]
        yield t["types"], ", ".join(types) or t["none"]
        yield t["fewest"], f"{private.k}"
        with closing(self.workspace.open_store(read_only=True)) as store:
            forgotten = len(Suppression.open(self.workspace.folder, store))
        told = "forgotten_more" if forgotten >= private.k else "forgotten_fewer" if private.k > 1 else "nobody"
        yield t["forgotten"], t[told].format(k=private.k)
        if found.retention is not None:
            names = {name: t[f"kept_{key}"] for name, key in zip(found.retention.parts, KEPT, strict=True)}
            days = t["until_deleted"] if found.retention.days is None else t["days"].format(n=found.retention.days)
            yield t["kept"].format(kept=words.listed(list(names.values()))), by_number(days)
            yield t["overdue"], words.listed([names[one] for one in found.retention.overdue]) or t["none"]
        noise = t["laplace"] if private.delta == 0 else t["gaussian"].format(delta=f"{private.delta:g}")
        places = {"epsilon": f"{private.epsilon:g}", "noise": noise, "n": private.contributions}
        yield t["release"], t["release_told"].format(**places)
        yield t["a_day"], f"{private.epsilon_per_day:g}"
        yield from self._spent(found)
        encrypted = (self.workspace.folder / LOG_KEY).exists()
        yield t["logs"], t["encrypted" if encrypted else "not_encrypted"]
        key = settings.privacy.seal_to
        yield t["at_rest"], t["sealable"].format(key=key) if key else t["not_encrypted"]

    def _spent(self, found: StatusReport) -> Rows:
        """What private releases cost."""
        t, spent = self.texts, found.privacy_budget
        if spent is None:
            yield t["spent"], "0"
            return
        yield t["spent"], t["spent_told"].format(epsilon=f"{spent.epsilon:g}", delta=f"{spent.delta:g}")
        told = t["ever_told"].format(epsilon=f"{spent.epsilon_in_all:g}", n=f"{spent.releases:,}")
        yield t["ever"], by_number(told)

    def _domain(self, domain: str) -> str:
        return spoken_domain(self.snapshot.schema, domain, self.lang)


def _span(snapshot: Snapshot) -> SharedSpan | None:
    """From when to when people did something, as it may be told."""
    people, times, start = list[NDArray[np.int64]](), list[NDArray[np.int64]](), 0
    for user_type in snapshot.schema.user_types:
        for name in snapshot.schema.interactions:
            if snapshot.schema.relation[name].head == user_type:
                moments, matrix = snapshot.timestamps(name), snapshot.adjacency(name)
                who = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) + start
                people.append(who[moments != NO_TIME])
                times.append(moments[moments != NO_TIME])
        start += snapshot.vocabulary.count(user_type)
    return shared_span(np.concatenate(people), np.concatenate(times), snapshot.k) if people else None


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)


def figures_told(evaluation: Evaluation | None, k: int, lang: str = "en") -> Rows:
    """How good lists are on what was held out."""
    t = language(lang).section("card")
    if evaluation is None:
        yield t["not_measured"], t["not_measured_told"]
        return
    yield t["held_out"], translated(evaluation.held_out, lang)
    step = max(told_step(1 / max(evaluation.users, 1), k), 1e-3)  # as of groups: what k people make of a mean
    for name, one in evaluation.models.items():
        ndcg = one["ndcg"]
        low, high = told_interval(ndcg["low"], ndcg["high"], step)
        told = f"{told_sum(ndcg['mean'], step):.3f} [{low:.3f}, {high:.3f}]"
        yield t["ndcg"].format(k=evaluation.k, name=translated(name, lang)), told
    if k > 1:
        yield t["rounded"], t["rounded_told"].format(step=f"{step:g}", k=k)
    for number, note in enumerate((*evaluation.notices, *evaluation.notes), start=1):
        yield t["note"].format(n=number), translated(note, lang)


def groups_told(audit: Audit, lang: str = "en") -> Rows:
    """What a card says of groups of items and of people."""
    t = language(lang).section("card")
    for domain in audit.domains:
        name = domain.domain_text
        gini_used = f"{domain.gini_used:.2f} [{domain.gini_used_low:.2f}, {domain.gini_used_high:.2f}]"
        gini_lists = f"{domain.gini_lists:.2f} [{domain.gini_lists_low:.2f}, {domain.gini_lists_high:.2f}]"
        shares = {"used": f"{domain.head_used:.0%}", "lists": f"{domain.head_lists:.0%}"}
        told = t["most_used_told"].format(gini_used=gini_used, gini_lists=gini_lists, **shares)
        yield t["most_used"].format(domain=name), told
        sure = [group for group in domain.groups if group.sure]
        for group in sure:
            interval = f"{group.ratio:.2f} [{group.low:.2f}, {group.high:.2f}]"
            label = t["group"].format(domain=name, side=group.side_text, label=group.label)
            yield label, t["ratio"].format(interval=interval)
        yield t["not_apart"].format(domain=name), f"{len(domain.groups) - len(sure):,}"
    if audit.users is None:
        yield t["of_people"], t["not_measured"]
        return
    unlike = [one for one in audit.users if one.sure]
    for one in unlike:
        interval = f"{one.ndcg:.3f} [{one.low:.3f}, {one.high:.3f}]"
        told = t["people_told"].format(interval=interval, difference=f"{one.difference:+.3f}")
        yield t["people"].format(side=one.side_text, label=one.label), told
    counts = {"n": f"{len(audit.users) - len(unlike):,}", "all": f"{len(audit.users):,}"}
    yield t["people_not_apart"], t["of_all"].format(**counts)


def _cell(text: str) -> str:
    """A text in a cell of a table: no bar ends it, no line breaks it, no tag is taken for one."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(plain.split())
