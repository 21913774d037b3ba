"""The program under measurement: run as a user would run it, its answers as documents and tables."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

WHYREC = str(Path(sys.executable).with_name("whyrec"))


def whyrec(workspace: Path | None, *arguments: str) -> Any:
    """Run the real program and read the document it prints."""
    where = ["--workspace", str(workspace)] if workspace else []
    done = subprocess.run([WHYREC, *where, *arguments, "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"whyrec {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def ranking_table(title: str, result: dict[str, Any], metrics: Sequence[str]) -> Table:
    """An answer of ``evaluate`` × 100: NDCG with its interval, other metrics, the paired difference to the first."""
    table = Table(title=f"{title}, top {result['k']}, × 100", title_justify="left")
    for column in ("model", "NDCG", "interval", *(one.replace("_", " ") for one in metrics), "whyrec − model", "p"):
        table.add_column(column, justify="left" if column == "model" else "right")
    against = {one["second"]: one for one in result["comparisons"]}
    for name, found in result["models"].items():
        ndcg, one = found["ndcg"], against.get(name)
        interval = f"[{100 * ndcg['low']:.2f}, {100 * ndcg['high']:.2f}]"
        means = (f"{100 * found[metric]['mean']:.2f}" for metric in metrics)
        difference = ("", "") if one is None else (f"{100 * one['mean']:+.2f}", f"{one['p']:.3f}")
        table.add_row(name, f"{100 * ndcg['mean']:.2f}", interval, *means, *difference)
    return table
