"""What answers about groups give away: their numbers, nested groups, and what one event of one person changes."""

import contextlib

import numpy as np

from benchmarks.attack_claims import Claims
from benchmarks.attacked_shop import COUNTS, Shop
from benchmarks.group_answers import GroupAnswers, keyed, least_told, numbers, parts_of_all, shares
from kg.errors import WhyrecError
from kg.k_anonymity import readable_step
from recommender.marketing.audience import people_of
from recommender.results.marketing import Audience
from recommender.results.responsibility.audit import Audit


class GroupAttack(Claims):
    """Asks about groups; ``groups`` and ``later``: of the shop, and of the same one with one event more."""

    def __init__(self, shop: Shop, rng: np.random.Generator, later: Shop) -> None:
        super().__init__(shop)
        self.rng, self.groups, self.later = rng, GroupAnswers(shop, rng), GroupAnswers(later, rng)

    def group(self, command: str) -> None:
        """Numbers of people go in steps of k, and a part of a group lacks none of it, or at least k."""
        try:
            answer = self.groups.ways[command]()
        except WhyrecError as problem:
            self._asked(command, str(problem))
            return
        self._asked(command, answer)
        for people in numbers(answer.model_dump()):
            self.claims[command] += 1
            if people and (people < max(self.shop.k, 5) or (people % self.shop.k and self.shop.k > 1)):
                self._hit(f"{command}: tells a group of {people}")
        if isinstance(answer, Audience):
            group = people_of(self.groups.crowds[None], self.shop.snapshot.vocabulary.find(answer.entity.id, [*COUNTS]))
            for one in answer.segments:
                matrix, tail = self.shop.snapshot.adjacency(one.step), self.shop.snapshot.schema.ends(one.step)[1]
                has = matrix[:, [self.shop.snapshot.vocabulary.idx(tail, one.entity)]].toarray().ravel() > 0
                self._difference(command, answer.people, one.count, int((group & ~has).sum()))

    def event(self) -> None:
        """What one event of somebody changes in an answer about groups."""
        seed, command = int(self.rng.integers(2**31)), str(self.rng.choice(list(self.groups.ways)))
        answers = []
        for groups in (self.groups, self.later):
            groups.rng = np.random.default_rng(seed)
            with contextlib.suppress(WhyrecError):
                answers.append(groups.ways[command]())
                self._asked("one event", answers[-1])
        self.groups.rng = self.later.rng = self.rng
        if len(answers) < 2:
            return
        before, after = (dict(keyed(one.model_dump())) for one in answers)
        for key in before.keys() & after.keys():
            self._difference("one event", max(before[key], after[key]), min(before[key], after[key]), 1)
        everybody = [{(key, part): value for key, value, part in parts_of_all(one, COUNTS["User"])} for one in answers]
        for key in everybody[0].keys() & everybody[1].keys():
            self.claims["one event"] += 1
            changed = abs(everybody[0][key] - everybody[1][key])
            if 1e-9 < changed < self.shop.k * key[1] * (1 - 1e-9):
                self._hit(f"one event: {command} {key[0]} {everybody[0][key]} → {everybody[1][key]}")
        if isinstance(answers[0], Audit) and isinstance(answers[1], Audit):
            old, new = (dict(shares(one)) for one in answers)
            for key in old.keys() & new.keys():
                self.claims["one event"] += 1
                crowds = (one.crowds[key[0]] for one in (self.groups, self.later))
                least = [least_told(crowd, key[0], key) for crowd in crowds] if self.shop.k > 1 else [1.0]
                if len({*map(readable_step, least)}) > 1:
                    continue  # told in other steps: their difference is of the rounding
                if 1e-9 < abs(old[key] - new[key]) < min(least) * (1 - 1e-9):
                    self._hit(f"one event: {key} {old[key]} → {new[key]}")
