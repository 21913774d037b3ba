"""What a load does on its own account and a person may want to know: counted, never with anybody's id."""


class Notices:
    """Sentences with a count: ``add("users.csv", "{n} cells of column 'user_id' were trimmed", 3)``."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, place: str, sentence: str, count: int = 1) -> None:
        """Count ``sentence`` for ``place``; ``{n}`` in it becomes the total. A count of 0 adds nothing."""
        if count:
            self._counts[place, sentence] = self._counts.get((place, sentence), 0) + count

    def render(self) -> list[str]:
        """All sentences, in the order in which they came up."""
        return [f"{place}: {text.replace('{n}', f'{n:,}')}" for (place, text), n in self._counts.items()]
