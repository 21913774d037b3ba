"""What labels and relationships of a property graph are for: which become types, who the users are, what the items are.

Asked of a graph in a server and of files for ``neo4j-admin database import`` alike.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg.schema import NAME

USERS = re.compile(r"user|customer|member|client|visitor|learner|student|buyer|shopper|account|reviewer", re.IGNORECASE)
WEIGHTS = ("rating", "stars", "score", "weight", "quantity", "count")
TIMES = re.compile(r"^(time(stamp)?|date|at|since|when|created_?at|.*_?(time|date|at))$", re.IGNORECASE)
LABELS = ("title", "name", "label", "fullName", "displayName", "text")


@dataclass(frozen=True)
class Roles:
    """Who does what with what."""

    users: tuple[str, ...]
    interactions: frozenset[str]
    items: frozenset[str]
    unsure: tuple[str, ...]
    """Decisions that a person should look at."""


def roles(
    labels: Mapping[str, str], ends: Mapping[str, tuple[str, str]], told: Collection[str], counts: Mapping[str, int]
) -> Roles:
    """Users by their label, or else by what has a weight or a time; interactions lead from them to items.

    :param labels: entity type → label in the graph.
    :param ends: relation → types of head and tail.
    :param told: the relations that carry a weight or a time.
    :param counts: relation → how many there are.
    """
    unsure: list[str] = []
    users = [name for name, label in labels.items() if USERS.search(label)]
    if not users:
        rated = [heads for name, (heads, _) in ends.items() if name in told]
        users = sorted(set(rated), key=lambda name: -rated.count(name))[:1]
        unsure.append(f"nothing is called a user; taken for one: {', '.join(users) or 'nothing'}")
    from_users = {name for name, (head, tail) in ends.items() if head in users and tail not in users}
    largest = max(sorted(from_users), key=lambda name: counts.get(name, 0), default=None)
    interactions = frozenset(from_users & set(told) or ({largest} if largest else set()))
    if not interactions:
        unsure.append("no relation leads from users to items; mark one with interaction = true in schema.toml")
    for name in sorted(interactions):
        unsure.append(f"{name} ({' → '.join(ends[name])}) is taken for what people do with items")
    return Roles(tuple(users), interactions, frozenset(ends[name][1] for name in interactions), tuple(unsure))


def widest_labels(sets: Sequence[tuple[Collection[str], int]]) -> tuple[list[str], dict[str, str]]:
    """The labels that become types, the largest first, and the others → the label that all their nodes have too.

    :param sets: the labels of some nodes, and how many these are.
    """
    size = {label: sum(count for labels, count in sets if label in labels) for found, _ in sets for label in found}
    kept: list[str] = []
    narrower: dict[str, str] = {}
    for label in sorted(size, key=lambda name: (-size[name], name)):
        wider = [one for one in kept if all(one in labels for labels, _ in sets if label in labels)]
        if wider:
            narrower[label] = wider[0]
        else:
            kept.append(label)
    return kept, narrower


def free_name(text: str, taken: Iterable[str]) -> str:
    """A name that a schema can hold, like the text, and not taken, whatever the case."""
    clean = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    base = clean if NAME.fullmatch(clean) else f"x_{clean}" if clean else "x"
    folded, name, number = {one.casefold() for one in taken}, base, 2
    while name.casefold() in folded:
        name, number = f"{base}_{number}", number + 1
    return name
