"""The shops that two companies are made of: the people of one data set, and its items, in workspaces of any rows."""

import gzip
from pathlib import Path

import polars as pl
from beauty_files import SCHEMA as BEAUTY
from beauty_files import prepare
from program import whyrec

SCHEMA = Path(__file__).parent / "sport_cloth" / "schema.toml"
Rows = dict[str, pl.DataFrame]
"""Interaction → its rows: person, item and the rest."""


class Example:
    """The bundled example, its people apart."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        whyrec(None, "init", str(self.source), "--example")
        purchases = pl.read_csv(self.source / "purchases.csv.zst", infer_schema=False)
        enrolments = pl.read_parquet(self.source / "enrolments.parquet")
        self.rows = {"purchased": purchases, "enrolled_in": enrolments}

    def make(self, workspace: Path, rows: Rows, k: int) -> None:
        """A workspace of some rows, loaded."""
        whyrec(None, "init", str(workspace), "--example")
        rows["purchased"].write_csv(workspace / "purchases.csv")
        rows["enrolled_in"].write_parquet(workspace / "enrolments.parquet")
        mapping = workspace / "mapping.toml"
        text = mapping.read_text(encoding="utf-8").replace("purchases.csv.zst", "purchases.csv")
        mapping.write_text(text, encoding="utf-8")
        users = pl.concat([one[:, 0].cast(pl.String).alias("user_id") for one in rows.values()]).unique()
        path = workspace / "users.csv"
        pl.read_csv(path, infer_schema=False).join(users.to_frame(), on="user_id", how="semi").write_csv(path)
        set_k(workspace, k)
        whyrec(workspace, "load")


class Files:
    """Files that are named after types and relations; ``files``: those that both companies have alike."""

    def __init__(self, schema: Path, files: list[Path], rows: Rows) -> None:
        self.schema, self.files, self.rows = schema, files, rows

    def make(self, workspace: Path, rows: Rows, k: int) -> None:
        """A workspace of some rows, loaded."""
        whyrec(None, "init", str(workspace), "--schema", str(self.schema))
        set_k(workspace, k)
        people = pl.concat([one["head"] for one in rows.values()]).unique().sort()
        people.alias("id").to_frame().write_csv(workspace / "User.csv")
        for name, some in rows.items():
            some.write_csv(workspace / f"{name}.csv")
        files = [*self.files, *(workspace / f"{name}.csv" for name in ("User", *rows))]
        whyrec(workspace, "load", *map(str, files))


def sport_cloth(source: Path, folder: Path) -> Files:
    """Amazon Sport × Cloth: two domains, ids alone."""
    folder.mkdir()
    files, rows = list[Path](), Rows()
    for domain in ("sport", "cloth"):
        lines = [line for part in ("train", "test") for line in _lines(source / f"{domain}_{part}.txt.gz")]
        pairs = sorted({(f"u{user}", f"{domain}{item}") for user, item, _ in map(str.split, lines)})
        rows[f"bought_{domain}"] = pl.DataFrame(pairs, schema=["head", "tail"], orient="row")
        files.append(folder / f"{domain.title()}.csv")
        rows[f"bought_{domain}"]["tail"].unique().sort().alias("id").to_frame().write_csv(files[-1])
    return Files(SCHEMA, files, rows)


def beauty(source: Path, folder: Path) -> Files:
    """Amazon Beauty with brands and categories; without its related products, which know of everybody's purchases."""
    files = {one.stem: one for one in prepare(source, folder, without_related=True)}
    bought = pl.concat(
        [
            pl.read_csv(files.pop("purchased"), infer_schema=False),
            pl.read_csv(folder / "test.csv", infer_schema=False).select(head="user_id", tail="item_id"),
        ]
    )
    people = files.pop("User")
    numbers = {one: f"u{n}" for n, one in enumerate(pl.read_csv(people, infer_schema=False)["id"].to_list())}
    bought = bought.unique(maintain_order=True).with_columns(pl.col("head").replace_strict(numbers))
    return Files(BEAUTY, list(files.values()), {"purchased": bought})


def set_k(workspace: Path, k: int) -> None:
    """Fewest people that anything may be told of."""
    path = workspace / "whyrec.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(f"k = {k}\n" if line.startswith("k = ") else line for line in lines), encoding="utf-8")


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()
