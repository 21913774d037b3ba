"""What became of each statement: loaded where anything was made of it, else rejected with a reason, else filtered."""

import polars as pl

REF_DTYPES: dict[str, pl.DataType] = {"k": pl.Int64(), "file": pl.Int64(), "n": pl.Int64()}
"""Number of the property, of the file, and of the statement in the file."""

_REJECTED = {**REF_DTYPES, "reason": pl.String(), "hint": pl.String()}


class Outcome:
    """Collects fates."""

    def __init__(self) -> None:
        self._loaded: list[pl.DataFrame] = [pl.DataFrame(schema=REF_DTYPES)]
        self._rejected: list[pl.DataFrame] = [pl.DataFrame(schema=_REJECTED)]

    def load(self, refs: pl.DataFrame) -> None:
        """These statements were of use."""
        self._loaded.append(refs.select(list(REF_DTYPES)).unique())

    def reject(self, refs: pl.DataFrame, reason: str | pl.Expr, hint: str) -> None:
        """These statements have a fault.

        :param reason: for all, or an expression over ``refs``.
        """
        told = pl.lit(reason) if isinstance(reason, str) else reason
        self._rejected.append(
            refs.select(*REF_DTYPES, told.cast(pl.String).alias("reason"), pl.lit(hint).alias("hint"))
        )

    def loaded(self) -> pl.DataFrame:
        """All that were of use, once each."""
        return pl.concat(self._loaded).unique()

    def rejected(self) -> pl.DataFrame:
        """All others that have a fault, once each, with ``reason`` and ``hint``."""
        first = pl.concat(self._rejected).unique(list(REF_DTYPES), keep="first", maintain_order=True)
        return first.join(self.loaded(), on=list(REF_DTYPES), how="anti", maintain_order="left")
