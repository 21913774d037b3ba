"""Change: where the entities of a graph are after it changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.vocabulary import Vocabulary
from recommender.linalg.moved_rows import GONE, Move, lost_rows, moved


@dataclass(frozen=True)
class Change:
    """From a graph to the same graph after a change, by their vocabularies: where entities of each type are now."""

    now: Vocabulary
    then: Vocabulary
    _moves: dict[str, Move] = field(default_factory=dict)

    def move(self, entity_type: str) -> Move:
        """Index then → index now of the entities of a type."""
        if entity_type not in self._moves:
            self._moves[entity_type] = self.now.moves(self.then, entity_type)
        return self._moves[entity_type]

    def joined(self, entity_types: Sequence[str]) -> Move:
        """The same on an axis of the entities of several types, one after the other."""
        moves, start = list[NDArray[np.int64]](), 0
        for name in entity_types:
            move = self.move(name)
            move = np.arange(self.then.count(name)) if move is None else move
            moves.append(np.where(move == GONE, GONE, move + start))
            start += self.now.count(name)
        return None if all(self.move(name) is None for name in entity_types) else np.concatenate(moves)

    def moved(self, matrix: csr_array, rows: str, columns: str) -> csr_array:
        """A matrix between the entities of two types as they were, with these where they are now."""
        shape = (self.now.count(rows), self.now.count(columns))
        return moved(matrix, self.move(rows), self.move(columns), shape)

    def lost(self, matrix: csr_array, rows: str, columns: str) -> NDArray[np.bool_]:
        """Which rows of the moved matrix lost an entry: shape (rows,), bool."""
        return lost_rows(matrix, self.move(rows), self.move(columns), self.now.count(rows))
