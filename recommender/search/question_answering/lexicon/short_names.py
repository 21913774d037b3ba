"""Short names of things: what people say instead of a whole label, and which marks say that something is absent."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from kg.snapshot.entity_table import labels
from kg.snapshot.snapshot import Snapshot
from recommender.search.folding import fold, has_cjk
from recommender.search.question_answering.language.function_words import function_words
from recommender.search.question_answering.language.morphology import LANGUAGES, numbers_of

Entity = tuple[str, int]
_BRACKETS = re.compile(r"\s*[(（][^)）]*[)）]\s*$")
_PARTED = re.compile(r"\s*(?:[&/,;:、，：]|\band\b|\bor\b|和|与|及)\s*", re.IGNORECASE)
MOST_WORDS = 6
"""Words of the longest label of which beginnings and ends are names."""


class ShortNames:
    """Short names of the things of a snapshot that are neither items nor people, by folded form.

    ``whole``: labels without what stands in brackets at their ends; ``parts``: what ``&``, ``/`` or ``and`` part in
    them; ``ends``: their first and last words, where no other of the type begins or ends so; ``absent``: marks that say
    that something is not there: ``Without Parabens`` for ``parabens``.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        names = ("whole", "parts", "ends", "absent")
        found: dict[str, dict[str, list[Entity]]] = {name: defaultdict(list) for name in names}
        patterns = _patterns()
        for entity_type, declared in snapshot.schema.entity.items():
            if declared.domain is not None or declared.sensitive or entity_type not in snapshot.vocabulary.types:
                continue
            ends: dict[str, set[int]] = defaultdict(set)
            for idx, label in all_labels(snapshot, entity_type):
                entity = (entity_type, idx)
                for word in _missing(fold(label), patterns):
                    found["absent"][word].append(entity)
                bare = _BRACKETS.sub("", label)
                if bare != label:
                    found["whole"][fold(bare)].append(entity)
                parts = [fold(part) for part in _PARTED.split(bare)]
                for part in parts if len(parts) > 1 else ():
                    found["parts"][part].append(entity)
                for one in _ends(fold(bare)):
                    ends[one].add(idx)
            for form, own in ends.items():
                if len(own) == 1:
                    found["ends"][form].append((entity_type, own.pop()))
        self.whole, self.parts, self.ends, self.absent = (_unique(found[name]) for name in names)


def all_labels(snapshot: Snapshot, entity_type: str) -> Iterator[tuple[int, str]]:
    """Index and label of each entity of a type, in each language; the id where it has no label."""
    ids = snapshot.vocabulary.ids(entity_type)
    for idx, (label, one) in enumerate(zip(labels(snapshot, entity_type), ids, strict=True)):
        yield idx, label or one
    for name, kind in snapshot.schema.entity[entity_type].properties.items():
        if kind == "str" and name.startswith("label_"):
            yield from ((idx, text) for idx, text in enumerate(snapshot.text(entity_type, name)) if text)


def _patterns() -> list[re.Pattern[str]]:
    told = [pattern for lang in LANGUAGES for pattern in function_words(lang)["absence"]]
    return [re.compile(re.escape(one).replace(r"\{\}", "(.+)")) for one in told]


def _missing(form: str, patterns: list[re.Pattern[str]]) -> set[str]:
    """What a label says is not there, with its first word alone: without sulfates sls → sulfates."""
    found: set[str] = set()
    for pattern in patterns:
        if match := pattern.fullmatch(form):
            for name in (match[1], match[1].split()[0]):
                found.update(numbers_of(name))
    return found


def _ends(form: str) -> Iterator[str]:
    words = form.split()
    if has_cjk(form) or not 2 <= len(words) <= MOST_WORDS:
        return
    for count in range(1, len(words)):
        for one in (" ".join(words[:count]), " ".join(words[-count:])):
            if len(one) > 2 and not one.replace(" ", "").isdigit():
                yield one


def _unique(names: Mapping[str, list[Entity]]) -> dict[str, tuple[Entity, ...]]:
    return {form: tuple(dict.fromkeys(own)) for form, own in names.items() if form}
