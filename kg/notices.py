"""What a load does on its own account and a person may want to know: counted, never with anybody's id."""

from collections.abc import Sequence

from kg.counting import by_place


class Notices:
    """Sentences with a count: ``add("users.csv", "{n} [cell|cells] of 'user_id' [was|were] trimmed", 3)``."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self.columns_found: dict[str, list[str]] = {}
        """File → the columns or keys that it has."""

    def add(self, place: str, sentence: str, count: int = 1) -> None:
        """Count ``sentence`` for ``place``; a count of 0 adds nothing.

        ``{n}`` in it becomes the total, and ``[is|are]`` what fits to it.
        """
        if count:
            self._counts[place, sentence] = self._counts.get((place, sentence), 0) + count

    def columns(self, place: str, found: Sequence[str]) -> None:
        """Note the columns or keys of a file; several sources may read it."""
        self.columns_found[place] = list(dict.fromkeys([*self.columns_found.get(place, ()), *found]))

    def render(self) -> list[str]:
        """All sentences, in the order in which they came up."""
        return [
            f"{place}: {by_place(text, {'n': n}).replace('{n}', f'{n:,}')}" for (place, text), n in self._counts.items()
        ]
