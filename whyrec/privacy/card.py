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
from recommender.results.responsibility.audit import LEVELS, Audit
from whyrec.reports import StatusReport
from whyrec.workspace.status import status, stepped_counts

COARSE = 0.2
"""Steps of NDCG from which it is not told."""
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


def card(workspace: Workspace, snapshot: Snapshot, audit: Audit, evaluation: Evaluation | None) -> Card:
    """Put the card together.

    :param audit: of the lists that the workspace serves.
    :param evaluation: figures on what was held out; ``None`` where they were not asked for, which the card says.
    """
    found = status(workspace)
    sections = {
        "What it is": _identity(workspace, snapshot),
        "Data": _data(snapshot),
        "What scores rest on": _model(workspace),
        "How good lists are": _figures(evaluation, snapshot.k),
        "For whom, and for what": groups_told(audit),
        "Limits": _limits(audit, found),
        "Privacy": _privacy(workspace, found),
    }
    told = [CardSection(title=title, rows=list(rows)) for title, rows in sections.items()]
    return Card(title=f"Recommendations of {snapshot.schema.name}", sections=told)


def _identity(workspace: Workspace, snapshot: Snapshot) -> Rows:
    yield "made", f"{datetime.now(UTC):%Y-%m-%d} by whyrec {version('whyrec')}"
    yield "store", "Neo4j" if "://" in workspace.settings.store else "embedded"
    yield "snapshot", snapshot.manifest.hash
    path = workspace.model / MANIFEST
    yield "model", sha256(path.read_bytes()).hexdigest() if path.is_file() else "none trained; default weights"


def _data(snapshot: Snapshot) -> Rows:
    schema = snapshot.schema
    domains = {one: schema.entity[one].domain for one in schema.item_types}
    for name, count in stepped_counts(snapshot).items():
        told = f"{count:,}" if isinstance(count, int) else count
        if name in schema.entity:
            yield name, f"{told}, {domains[name]}" if name in domains else told
        else:
            yield f"{schema.relation[name].head} {name} {schema.relation[name].tail}", told
    span = _span(snapshot)
    if span is not None:
        told = f"{span.first} to {span.last}, by weeks (or longer) that at least {snapshot.k} people share"
        yield "interactions dated", told


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


def _model(workspace: Workspace) -> Rows:
    manifest = read_manifest(workspace.model)
    if manifest is None:
        yield "weights", "default ones: nothing was trained"
        return
    if manifest.training is None:
        yield "vectors", "none"
    else:
        seen = "" if manifest.blend.embeds else "; those of the pilot, not trained on all triples: they weigh nothing"
        yield "vectors", _settings(manifest.training.model_dump()) + seen
    for domain in sorted({*manifest.blend.embedding, *manifest.blend.popularity}):
        embedding, popularity = (one.get(domain, 0.0) for one in (manifest.blend.embedding, manifest.blend.popularity))
        yield f"{domain}: weight of the embedding, of popularity", f"{embedding:.4g}, {popularity:.4g}"
    yield "metapaths that weigh something", f"{sum(weight > 0 for weight in manifest.blend.metapaths.values()):,}"
    raised, certificate = read_objectives(workspace.model), read_certificate(workspace.model)
    yield "groups whose scores objectives raise", f"{len(raised):,}"
    if certificate is not None:
        yield (
            "certified",
            f"at most {certificate.alpha:.1%} of a list is rated {certificate.below:g} or less, with confidence "
            f"{1 - certificate.delta:.0%}; {by_number(f'{len(certificate.filtered):,} [item is|items are] filtered')}",
        )
    for one in manifest.learning:
        people = f"; {shown_count(one.people, workspace.settings.privacy.k)} people" if one.people else ""
        told = "learned weights" if one.kept else "default weights"
        step = told_step(1 / max(one.held_back, 1), workspace.settings.privacy.k)
        if step < COARSE:  # figures of so few would be theirs, or tell nothing
            before, after = (told_sum(figure, step) for figure in (one.before, one.after))
            level = next(level for level in LEVELS if one.p <= level)
            told += f": NDCG@10 {before:.2f} by default, {after:.2f} learned (p ≤ {level:g}{people})"
        yield f"{one.domain}, {one.audience}", told


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)


def _figures(evaluation: Evaluation | None, k: int) -> Rows:
    if evaluation is None:
        yield "not measured", "it was not asked for, or too few people have an interaction to hold out"
        return
    yield "held out", evaluation.held_out
    step = max(told_step(1 / max(evaluation.users, 1), k), 1e-3)  # as of groups: what k people make of a mean
    for name, one in evaluation.models.items():
        ndcg = one["ndcg"]
        low, high = told_interval(ndcg["low"], ndcg["high"], step)
        yield f"NDCG@{evaluation.k}, {name}", f"{told_sum(ndcg['mean'], step):.3f} [{low:.3f}, {high:.3f}]"
    if k > 1:
        yield "rounded", f"to steps of {step:g}, what {k} people make of a mean at most; intervals outwards"
    for number, note in enumerate(evaluation.notes, start=1):
        yield f"note {number}", note


def groups_told(audit: Audit) -> Rows:
    """What a card says of groups of items and of people."""
    for domain in audit.domains:
        yield (
            f"{domain.domain}: most used tenth",
            f"{domain.head_used:.0%} of use, {domain.head_lists:.0%} of lists; "
            f"Gini {domain.gini_used:.2f} [{domain.gini_used_low:.2f}, {domain.gini_used_high:.2f}] of use, "
            f"{domain.gini_lists:.2f} [{domain.gini_lists_low:.2f}, {domain.gini_lists_high:.2f}] of lists",
        )
        sure = [group for group in domain.groups if group.sure]
        for group in sure:
            interval = f"{group.ratio:.2f} [{group.low:.2f}, {group.high:.2f}]"
            yield f"{domain.domain}, {group.side_text}: {group.label}", f"lists ÷ use {interval}"
        yield f"{domain.domain}: groups not surely apart", f"{len(domain.groups) - len(sure):,}"
    if audit.users is None:
        yield "quality by group of people", "not measured"
        return
    unlike = [one for one in audit.users if one.sure]
    for one in unlike:
        yield (
            f"{one.side_text} {one.label}",
            f"NDCG@10 {one.ndcg:.3f} [{one.low:.3f}, {one.high:.3f}], {one.difference:+.3f}",
        )
    yield "groups of people not surely apart", f"{len(audit.users) - len(unlike):,} of {len(audit.users):,}"


def _limits(audit: Audit, found: StatusReport) -> Rows:
    for one in found.model.crossing if found.model is not None else ():
        yield f"{one.source} → {one.target}", one.text.partition(", ")[2]
    yield "groups too small to tell of", f"{sum(domain.pooled for domain in audit.domains):,}"
    if audit.sampled:
        yield (
            "lists looked at",
            f"{audit.of:,} of {audit.people}, drawn at random; Gini is among these, and lower among everybody",
        )
    yield "snapshot", "current" if found.snapshot is not None and found.snapshot.current else "older than the store"
    for number, notice in enumerate(found.notices, start=1):
        yield f"notice {number}", notice.replace(found.workspace, "the workspace")


def _privacy(workspace: Workspace, found: StatusReport) -> Rows:
    settings, private = workspace.settings, workspace.settings.privacy
    sensitive = [name for name, entity in workspace.schema.entity.items() if entity.sensitive]
    yield "types of people", ", ".join(sensitive) or "none"
    yield "fewest people that anything told rests on", f"{private.k}"
    with closing(workspace.open_store(read_only=True)) as store:
        forgotten = len(Suppression.open(workspace.folder, store))
    fewer = f"nobody, or fewer than {private.k} people" if private.k > 1 else "nobody"
    yield "forgotten, and kept away", f"{private.k} people or more" if forgotten >= private.k else fewer
    days = settings.retention.days
    if found.retention is not None:
        kept = ", ".join(found.retention.parts)
        yield f"how long {kept} are kept", "until deleted" if days is None else by_number(f"{days} [day|days]")
        yield "kept longer than that", ", ".join(found.retention.overdue) or "none"
    noise = "Laplace" if private.delta == 0 else f"Gaussian, δ {private.delta:g}"
    told = f"{private.epsilon:g}, {noise} noise, at most {private.contributions} things a person"
    yield "ε of one private release, unless another is asked for", told
    yield "ε of private releases in a day", f"{private.epsilon_per_day:g}"
    spent = found.privacy_budget
    yield "spent today", "0" if spent is None else f"{spent.epsilon:g} (δ {spent.delta:g})"
    if spent is not None:
        releases = by_number(f"{spent.releases:,} [release|releases]")
        yield (
            "spent ever, which is what whoever has all of them may learn of a person",
            (f"{spent.epsilon_in_all:g}, by {releases}"),
        )
    encrypted = (workspace.folder / LOG_KEY).exists()
    yield "logs of events and answers", "encrypted" if encrypted else "not encrypted"
    yield "at rest", f"open now; `whyrec seal` encrypts it to {private.seal_to}" if private.seal_to else "not encrypted"


def _cell(text: str) -> str:
    """A text in a cell of a table: no bar ends it, no line breaks it, no tag is taken for one."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(plain.split())
