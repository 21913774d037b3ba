"""Lookups: columns that a row takes from another file, by a key that both have."""

from typing import Self

from pydantic import Field, model_validator

from kg.document import Document


class Join(Document):
    """A ``[[source.join]]`` table: each row of the source looks up one row of another file.

    A row that finds none has no value there; no row is lost, and none is doubled. Of several rows of one key, those
    whose cells are all empty say nothing.
    """

    file: str = Field(min_length=1)
    """Name or pattern, relative to the mapping."""
    format: str | None = None
    on: str | dict[str, str]
    """The key column of both, or ``{ column here = "column there" }`` where they differ."""
    columns: tuple[str, ...] = Field(min_length=1)
    """Columns of the other file that the source may name."""
    optional: tuple[str, ...] = ()
    """Those of them that the other file may lack, or its key; their cells are then missing, or nothing is found."""
    where: str | None = Field(default=None, min_length=1)
    """Which rows of the other file are looked up in, as ``where`` of a source; that none is found is then no news."""
    prefix: str = ""
    """Stands before their names here, where both files have columns of one name."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: str | None = None
    header: tuple[str, ...] | None = Field(default=None, min_length=1)
    """All columns of the other file, where it has no header row."""

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if isinstance(self.on, dict) and len(self.on) != 1:
            raise ValueError('on: one key, such as on = { product_id = "id" }')
        return self

    @property
    def here(self) -> str:
        """The key column of the source."""
        return self.on if isinstance(self.on, str) else next(iter(self.on))

    @property
    def there(self) -> str:
        """The key column of the other file."""
        return self.on if isinstance(self.on, str) else next(iter(self.on.values()))

    @property
    def names(self) -> dict[str, str]:
        """Column as the source names it → column of the other file."""
        return {f"{self.prefix}{column}": column for column in self.columns}
