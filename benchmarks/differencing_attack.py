"""Does anything that whyrec answers single somebody out? Thousands of differencing queries on random small shops.

The attacker may ask every command, as anybody outside the graph with any anchors, and as one user of it. She knows the
catalogue and tries to learn what fewer than k of the other people did:

* what an answer gains by one more anchor, and what a change is said to bring, where no attribute joins the two, neither
  its own nor one that k of its people chose besides: then somebody used both;
* numbers of people below k, and differences below k of the numbers of nested groups;
* ids and labels of people in answers and in messages of errors;
* what one event of one person changes: the same question asked of the shop with and without it, and every number and
  share of the two answers subtracted.

A claim counts as found where it is true of at least one and fewer than k people. Usage: ``python -m
benchmarks.differencing_attack [--queries 10000] [--k 5] [--seed 0]``; exit code 1 where anybody was found. ``--k 1``
shows what the same questions find without the protection.
"""

import argparse
import contextlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.attacked_shop import ANCHORS, COUNTS, ITEMS, Anchor, Shop
from benchmarks.group_attack import GroupAttack
from kg.errors import WhyrecError
from kg.export.neighbourhood import find_entity, neighbourhood
from kg.quality.statistics import statistics
from recommender.counterfactual.what_if import what_if
from recommender.counterfactual.why_not import why_not
from recommender.serving.recommender import Request
from recommender.serving.similar_items import SimilarItems

LEAST = 1e-9
"""From this on a score has changed."""

UNLINKED = ("Popular in", "Chosen by", "How popular", "Nothing known")
"""What is said of items that nothing leads to."""
WEIGHTS = {
    "why-not": 1,
    "graph stats": 1,
    "recommend": 12,
    "what-if": 6,
    "why": 6,
    "similar": 4,
    "graph show": 4,
    "gaps": 1,
    "item": 1,
    "audit": 1,
    "card": 1,
    "one event": 1,
    "audit --repair": 1,
    "objectives": 1,
    "certify": 1,
    "anomalies": 1,
    "trade-offs": 1,
}
"""How often a command is asked beside the others; 3 where absent."""


class Attack(GroupAttack):
    """Asks, and counts what was found.

    ``queries`` and ``found``: by command.
    """

    def __init__(self, shop: Shop, rng: np.random.Generator, later: Shop) -> None:
        super().__init__(shop, rng, later)
        self.similar = SimilarItems(shop.snapshot)
        self.ways: dict[str, Callable[[], None]] = {
            "recommend": self._recommend,
            "what-if": self._what_if,
            "why-not": self._why_not,
            "why": self._why,
            "similar": self._similar,
            "graph show": self._show,
            "graph stats": self._stats,
            "error messages": self._errors,
            "one event": self.event,
        } | {name: partial(self.group, name) for name in self.groups.ways}

    def run(self, queries: int) -> None:
        """Ask so often, each command in turn, the cheap ones more often than those that rank many times."""
        names = [name for name in self.ways for _ in range(WEIGHTS.get(name, 3))]
        while sum(self.queries.values()) < queries:
            self.ways[str(self.rng.choice(names))]()

    def _anchor(self) -> Anchor:
        step = str(self.rng.choice(list(ANCHORS)))
        return step, str(self.rng.choice(self.shop.ids[ANCHORS[step]]))

    def _item(self) -> str:
        return str(self.rng.choice([one for name in ITEMS for one in self.shop.ids[name]]))

    def _shares(self, anchors: list[Anchor]) -> dict[str, float]:
        answer = self.shop.recommender.recommend(Request(anchors=tuple(f"{s}:{one}" for s, one in anchors), n=50))
        self._asked("recommend", answer)
        for item in answer.items:
            used = self.shop.users_of_item(item.id)
            if item.shares.popularity > 0 and 0 < len(used) < max(self.shop.k, 5):
                self._hit(f"recommend: {item.id} is popular with {len(used)}")
            if item.shares.paths == 0 and not item.reason.startswith(UNLINKED):
                self._hit(f"recommend: {item.id} is said to be linked to {anchors}: {item.reason}")
        return {item.id: item.shares.paths for item in answer.items}

    def _recommend(self) -> None:
        more, others = self._anchor(), [self._anchor() for _ in range(int(self.rng.integers(0, 3)))]
        others = [one for one in others if one[0] != more[0]]  # of one step the length of the history changes all
        before = self._shares(others) if others else {}
        for item, share in self._shares([*others, more]).items():
            if share > before.get(item, 0.0) + LEAST:
                self._claim("recommend", more, item)

    def _what_if(self) -> None:
        more = self._anchor()
        user = None if self.rng.random() < 0.5 else self.me
        request = Request(user, anchors=() if user else ("has_concern:concern-00",), n=50)
        with contextlib.suppress(WhyrecError):
            answer = what_if(self.shop.recommender, request, [f"{more[0]}:{more[1]}"], [])
            self._asked("what-if", answer)
            have = [a for a in self._own() if a[0] == more[0]] if user else []
            for move in answer.moved:
                if not have and move.score_after > move.score_before + LEAST:
                    self._claim("what-if", more, move.id)
        own = self._own()
        gone = own[int(self.rng.integers(len(own)))] if own else None
        if gone is not None:
            answer = what_if(self.shop.recommender, Request(self.me, n=50), [], [f"{gone[0]}:{gone[1]}"])
            self._asked("what-if", answer)
            for move in answer.moved:
                alone = not [a for a in own if a[0] == gone[0] and a != gone]
                if alone and move.score_after < move.score_before - LEAST:
                    self._claim("what-if", gone, move.id)

    def _own(self) -> list[Anchor]:
        return sorted((name, tail) for name in ANCHORS for head, tail in self.shop.triples[name] if head == self.me)

    def _why_not(self) -> None:
        item = self._item()
        answer = why_not(self.shop.recommender, Request(self.me, n=3), item)
        self._asked("why-not", answer)
        for reason in answer.reasons:
            for link in reason.missing or []:
                step, _, one = link.anchor.partition(":")
                self._claim("why-not", (step, one), item)
        for text in answer.change.add if answer.change else []:
            step, _, one = text.partition(":")
            if self._raises(text, item) and step not in {name for name, _ in self._own()}:
                self._claim("why-not", (step, one), item)

    def _raises(self, anchor: str, item: str) -> bool:
        """Whether an item scores more with an anchor; else it rises as others fall, or leave once they are used."""
        answer = what_if(self.shop.recommender, Request(self.me, n=50), [anchor], [])
        self._asked("what-if", answer)
        return any(move.id == item and move.score_after > move.score_before + LEAST for move in answer.moved)

    def _why(self) -> None:
        item = self._item()
        account = self.shop.recommender.why(Request(self.me), item)
        self._asked("why", account)
        whole = neighbourhood(self.shop.snapshot, *find_entity(self.shop.snapshot, item)).neighbours
        used = self.shop.users_of_item(item)
        for part in account.parts:
            people = re.search("~(purchased|enrolled|has_concern)", part.metapath or "")
            if people and part.other_paths and 0 < part.other_paths.count < max(self.shop.k, 5):
                self._hit(f"why: {part.other_paths.count} other paths of {part.metapath}")
            for path in part.paths or []:
                step = path.relations[0]
                if path.people is None or path.nodes[1].id is None:
                    continue
                both = self.shop.users_of((step, path.nodes[1].id)) & used - {self.me}
                self._number("why", path.people, len(both))
                for group in whole:
                    if group.people:
                        self._difference("why", group.count, path.people, len(used - both))
            for near in part.nearest or []:
                self._claim("why", (part.metapath.split(" > ")[0] if part.metapath else "", near.id), item)

    def _similar(self) -> None:
        item = self._item()
        answer = self.similar.of(item, 20)
        self._asked("similar", answer)
        for other in answer.items:
            both = self.shop.users_of_item(item) & self.shop.users_of_item(other.id)
            self._number("similar", other.people, len(both))
            if other.shares.people > 0 and 0 < len(both) < max(self.shop.k, 5):
                self._hit(f"similar: {len(both)} used both {item} and {other.id}")

    def _show(self) -> None:
        name = str(self.rng.choice(["Product", "Course", "Concern"]))
        entity, depth = str(self.rng.choice(self.shop.ids[name])), int(self.rng.integers(1, 3))
        answer = neighbourhood(self.shop.snapshot, *find_entity(self.shop.snapshot, entity), depth, 50)
        self._asked("graph show", answer)
        for group in answer.neighbours:
            if group.people:
                self._number("graph show", group.count, len(self.shop.users_of((group.relation[1:], entity))))

    def _stats(self) -> None:
        answer = statistics(self.shop.snapshot)
        self._asked("graph stats", answer)
        users = answer.entities["User"]
        total = len(self.shop.ids["User"])
        active = {head for name in ANCHORS for head, _ in self.shop.triples[name]}
        self._number("graph stats", users.isolated, total - len(active))
        for name, tail in ANCHORS.items():
            heads = {head for head, _ in self.shop.triples[name]}
            by_user = answer.triples[name].head_degrees
            self._number("graph stats", by_user.without, total - len(heads))
            self._difference("graph stats", users.count, by_user.linked, total - len(heads))
            most = Counter(head for head, _ in self.shop.triples[name]).most_common(1)[0][1]
            same = sum(count == most for count in Counter(head for head, _ in self.shop.triples[name]).values())
            if by_user.max == most and same < self.shop.k:
                self._hit(f"graph stats: the most {name} of anybody are {most}")
            least = Counter(tail for _, tail in self.shop.triples[name])
            for value in (answer.triples[name].tail_degrees.p50, answer.triples[name].tail_degrees.max):
                if isinstance(value, int) and 0 < value < max(self.shop.k, 5) and value in least.values():
                    self._hit(f"graph stats: {value} people per {tail}")

    def _errors(self) -> None:
        near = f"user-{int(self.rng.integers(0, 40)):02d}x"
        asked: list[Callable[[], Any]] = [
            lambda: self.shop.recommender.recommend(Request(near)),
            lambda: self.shop.recommender.why(Request(near), "product-00"),
            lambda: find_entity(self.shop.snapshot, near),
            lambda: find_entity(self.shop.snapshot, f"User:{near}"),
            lambda: what_if(self.shop.recommender, Request(self.me), [], [near]),
            lambda: self.shop.recommender.recommend(Request(anchors=(f"~purchased:{near}",))),
            lambda: self.similar.of(near, 3),
        ]
        for ask in asked:
            try:
                ask()
            except WhyrecError as problem:
                text = str(problem)
                self.queries["error messages"] += 1
                for user in self.shop.ids["User"]:
                    if re.search(rf"{user}(?!x)", text) and user != self.me:
                        self._hit(f"error messages: {text}")


def attack(queries: int, k: int, seed: int, each: int = 500) -> tuple[Counter[str], Counter[str], list[str]]:
    """Attack shop after shop with so many queries in all: queries and claims by command, and what was found.

    :param each: queries per shop.
    """
    rng, asked, claims, found = np.random.default_rng(seed), Counter[str](), Counter[str](), list[str]()
    shop = 0
    while sum(asked.values()) < queries:
        with tempfile.TemporaryDirectory() as folder:
            now, number = Shop(Path(folder) / "now", seed * 1000 + shop, k), int(rng.integers(COUNTS["User"]))
            event = "purchased", now.ids["User"][number], str(rng.choice(now.ids["Product"]))
            one = Attack(now, rng, Shop(Path(folder) / "later", seed * 1000 + shop, k, event))
            one.run(min(each, queries - sum(asked.values())))
        asked, claims, shop = asked + one.queries, claims + one.claims, shop + 1
        found += one.found
    return asked, claims, found


def main() -> int:
    """Attack and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    asked, claims, found = attack(told.queries, told.k, told.seed)
    by_command = Counter(text.partition(":")[0] for text in found)
    print(f"{'command':<16}{'queries':>9}{'claims':>9}{'found':>9}")
    for name in sorted(asked):
        print(f"{name:<16}{asked[name]:>9,}{claims[name]:>9,}{by_command[name]:>9,}")
    print(f"{'all':<16}{sum(asked.values()):>9,}{sum(claims.values()):>9,}{len(found):>9,}  k = {told.k}")
    for text in sorted(set(found))[:20]:
        print(f"  {text}")
    print(json.dumps({"queries": sum(asked.values()), "found": len(found), "k": told.k}))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
