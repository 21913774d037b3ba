"""The large shop as files, loaded and trained by the program itself: a workspace to serve, or to list by Spark.

    python benchmarks/large_shop_files.py WORK-FOLDER [--scale 1.0]

A million users, 200,000 items, 20 million triples at scale 1 (``large_shop.py``); prints the seconds of ``load`` and
``train --no-embeddings``, of the clock and of processors, and the peak memory of each.
"""

import multiprocessing
import os
import subprocess
import time
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from large_shop import ENTITIES, SCHEMA, TRIPLES, LargeShop
from program import WHYREC
from rich.console import Console

CONSOLE = Console(width=120, highlight=False)


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspace are made.")],
    scale: Annotated[float, typer.Option(help="Factor of all numbers.")] = 1.0,
) -> None:
    """Write the files that are missing, make the workspace, measure."""
    files, workspace = folder / "files", folder / "workspace"
    if not files.exists():
        writing = multiprocessing.get_context("spawn").Process(target=_write, args=(files, scale))
        writing.start()
        writing.join()  # its memory would count as that of what is started after it
    schema = files / "schema.toml"
    _run(workspace, "init", "--schema", str(schema))
    _run(workspace, "load", *(str(path) for path in sorted(files.glob("*.parquet"))))
    _run(workspace, "train", "--no-embeddings")


def _write(files: Path, scale: float) -> None:
    files.mkdir(parents=True)
    shop, ids = LargeShop(scale), dict[str, pl.Series]()
    for name in ENTITIES:
        frame = shop.read_entities(name)
        ids[name] = frame["id"]
        frame.write_parquet(files / f"{name}.parquet")
    for name in TRIPLES:
        relation = shop.schema.relation[name]
        heads, tails = ids[relation.head], ids[relation.tail]
        for part in shop.read_positions(name, heads, tails):
            ends = pl.DataFrame({"head": heads[part["head"].to_numpy()], "tail": tails[part["tail"].to_numpy()]})
            ends.with_columns(part["timestamp"]).write_parquet(files / f"{name}.parquet")
    _write_schema(files / "schema.toml")


def _write_schema(path: Path) -> None:
    lines = [f'name = "{SCHEMA["name"]}"']
    for kind in ("entity", "relation"):
        for name, table in SCHEMA[kind].items():  # type: ignore[attr-defined]
            lines.append(f"[{kind}.{name}]")
            lines.extend(f"{key} = {_toml(value)}" for key, value in table.items())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def _run(workspace: Path, *arguments: str) -> None:
    began = time.perf_counter()
    process = subprocess.Popen([WHYREC, "-w", str(workspace), *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    CONSOLE.print(
        f"{arguments[0]:>6}: exit code {code}, {time.perf_counter() - began:7.1f} s, processor "
        f"{used.ru_utime + used.ru_stime:7.1f} s, system {used.ru_stime:6.1f} s, peak {used.ru_maxrss / 2**20:5.2f} GiB"
    )
    if code:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
