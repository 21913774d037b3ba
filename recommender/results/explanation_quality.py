"""What ``evaluate --explanations`` answers."""

from recommender.results.document import Result


class PathQualityReport(Result):
    """LIR, SEP and ETD, means over users, each in [0, 1]; ``None`` where nothing has a time, or no path an entity."""

    lir: float | None
    sep: float | None
    etd: float


class ExplanationReport(Result):
    """The explanations of the lists of some users."""

    users: int
    k: int
    items: int
    with_path: float | None
    """Share of items with a path that is shown."""
    paths: int
    existing: float | None
    """Share of the shown paths that are in the snapshot, step by step."""
    necessity: dict[str, dict[str, float | int | None]]
    """How many paths are taken away → items, mean fall in ranks without the largest and without random ones, ratio."""
    sufficiency: float | None
    """Share of the list that stays in it where only what an account shows counts, for all items alike."""
    quality: dict[str, PathQualityReport]
    """Choice of reasons → quality."""
    path_types: dict[str, int]
    """Metapath → how many reasons are of it."""
    characters: float
    """Mean length of a reason."""
    words: float
    steps: float
