"""Which share of the ingredients on real packs the INCI normaliser turns into a name of the European inventory CosIng.

    WHYREC_DATA=FOLDER python benchmarks/inci_match.py [--unmatched 30]

The folder holds skinsort/skinsort.csv.gz, kaggle_cosmetics/cosmetics.csv.gz and cosing/cosing.csv.gz. A mention is one
name out of one list, each name once per list, what may be contained included; it matches if its id is that of a CosIng
name. Whatever else a list field holds (advertising, "visit our boutique") counts as unmatched. Peers: 98 % of
skinsort, 78 % of kaggle. CosIng itself is never read by the normaliser. So that a rule cannot gain matches by
folding different ingredients into one, the CosIng names that share an id are listed as well: they should be synonyms.
"""

import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from kg.values.ingredient_list import parse_ingredients
from kg.values.ingredient_name import canonical_ingredient, canonical_name

CONSOLE = Console(width=120)
SETS = (
    ("skinsort", "skinsort/skinsort.csv.gz", "ingridients", "98 %"),
    ("kaggle", "kaggle_cosmetics/cosmetics.csv.gz", "Ingredients", "78 %"),
)


def main(
    unmatched: Annotated[int, typer.Option(help="How many of the most frequent unmatched names are listed.")] = 30,
    merged: Annotated[bool, typer.Option(help="List the CosIng names that share an id.")] = False,
) -> None:
    """Measure and print."""
    folder = data_folder()
    known = inventory(folder / "cosing" / "cosing.csv.gz", merged)
    table = Table("set", "mentions", "matched", "peer", "different names", "matched ", "lists/s")
    missing: dict[str, Counter[str]] = {}
    for name, file, column, peer in SETS:
        cells = pl.read_csv(folder / file, infer_schema=False).get_column(column).drop_nulls().to_list()
        started = time.process_time()
        lists = [parse_ingredients(cell) for cell in cells]
        speed = len(cells) / (time.process_time() - started)
        counts = Counter(pair[0] for found in lists for pair in (*found.certain, *found.possible))
        hits = Counter({one: times for one, times in counts.items() if one in known})
        share = f"{hits.total() / counts.total():.2%}", peer, f"{len(counts):,}", f"{len(hits) / len(counts):.2%}"
        table.add_row(name, f"{counts.total():,}", *share, f"{speed:,.0f}")
        missing[name] = counts - hits
    CONSOLE.print(table)
    for name, names in missing.items():
        listed = "; ".join(f"{times} {one}" for one, times in names.most_common(unmatched))
        CONSOLE.print(f"{name}, unmatched: {listed}", markup=False, highlight=False)


def inventory(path: Path, merged: bool) -> set[str]:
    """The ids of all CosIng names; says how many names share an id or are not fixed points."""
    ids: dict[str, set[str]] = defaultdict(set)
    for name in pl.read_csv(path, infer_schema=False).get_column("inci_name").drop_nulls():
        found = canonical_ingredient(name)
        ids[found[0] if found else name].add(name)
    shared = {one: names for one, names in ids.items() if len(names) > 1}
    moving = sum(canonical_name(one) != one for one in ids)
    names = sum(map(len, ids.values()))
    CONSOLE.print(f"CosIng: {names:,} names, {len(ids):,} ids, {len(shared)} of them shared, {moving} no fixed points")
    for one, others in sorted(shared.items()) if merged else ():
        CONSOLE.print(f"  {one[:100]} <- {' | '.join(sorted(other[:100] for other in others))}", markup=False)
    return set(ids)


def data_folder() -> Path:
    """The folder that WHYREC_DATA names; ends the program where there is none."""
    folder = os.environ.get("WHYREC_DATA")
    if not folder or not Path(folder).is_dir():
        sys.exit(
            "WHYREC_DATA must name the folder with skinsort, kaggle_cosmetics and cosing; see the head of this file"
        )
    return Path(folder)


if __name__ == "__main__":
    typer.run(main)
