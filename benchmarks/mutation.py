"""Mutations: lines that decide scores, reasons, privacy and data, changed one at a time; does a test notice?

    python -m benchmarks.mutation [--rooms kernels,rules] [--mutants 40] [--cpu-minutes 20] [--seed 0] [--line F:N]

Mutants are those of Cosmic Ray (extra ``bench``), without those that only change annotations or texts, drawn at random
from each room; each is made in a copy of the tree and given to the tests of its room, in a process of its own that is
ended after ``--each`` CPU seconds (a mutant that runs on and on is noticed too). What no test notices is printed as a
difference, to be killed by a sharper test or told to be equivalent. Not part of CI: it takes CPU minutes per room.
"""

import argparse
import contextlib
import os
import random
import resource
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from importlib import import_module
from pathlib import Path

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import MutationVisitor, mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("kg", "embeddings", "recommender", "whyrec", "cli", "cypher", "tests")
IN_PROCESS = [f"tests/kg/loading/test_{name}.py" for name in ("merge", "load", "replace", "sources")]
"""Tests of loading without a server and without a process that is killed: those cost minutes a mutant."""
PROPERTIES = "no_row_is_lost or dry_run_says or path_instances_sum or shares_add_up_and_no"
"""The dearest tests are asked last, and only of what the others leave alive."""
ROOMS = {
    "kernels": (
        "recommender/kernels",
        [
            "tests/recommender/kernels",
            "tests/recommender/explanation",
            "tests/recommender/counterfactual/test_item_changes.py",
        ],
    ),
    "explanation": ("recommender/explanation", ["tests/recommender/explanation", "tests/recommender/kernels/learned"]),
    "rules": ("recommender/rules", ["tests/recommender/rules"]),
    "privacy": ("kg/privacy", ["tests/kg/privacy", "tests/cli/test_forget.py"]),
    "loading": ("kg/loading", IN_PROCESS),
    "staging": ("kg/staging", ["tests/kg/staging", *IN_PROCESS]),
    "validation": ("kg/validation", ["tests/kg/validation", *IN_PROCESS]),
    "reasons": ("recommender/reasons", ["tests/recommender/reasons", "tests/recommender/explanation"]),
    "profiles": ("recommender/profiles", ["tests/recommender/profiles"]),
}
SWAPS = {
    "Binary": ["Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Add", "Pow_Mul", "BitAnd_BitOr"],
    "Comparison": ["Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"],
    "Unary": ["Delete_USub", "Delete_Not", "Delete_Invert"],
}
OTHERS = ["AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"]
MORE = ["ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop"]
CHOSEN = {f"core/Replace{kind}Operator_{swap}" for kind, swaps in SWAPS.items() for swap in swaps}
CHOSEN |= {f"core/{name}" for name in (*OTHERS, *MORE)}
PRELOADED = (
    "numpy",
    "scipy.sparse",
    "scipy.linalg",
    "pydantic",
    "polars",
    "pyarrow",
    "hypothesis",
    "pytest",
    "ladybug",
)


@dataclass(frozen=True)
class Mutant:
    """One change: the file, how it reads before and afterwards, and the first line that differs."""

    file: str
    before: str
    code: str
    line: int

    def difference(self) -> str:
        """The change as a patch without context."""
        lines = list(unified_diff(self.before.splitlines(), self.code.splitlines(), lineterm="", n=0))[3:]
        return f"{self.file}:{self.line}\n  " + "\n  ".join(lines)


def places(copy: Path, room: str) -> list[tuple[Path, str, int]]:
    """Every place of a room that may be changed: file, operator, occurrence of what the operator changes."""
    found = []
    for file in sorted((copy / ROOMS[room][0]).rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        for name in sorted(CHOSEN & set(operator_names())):
            visitor = MutationVisitor(-1, get_operator(name)())
            visitor.walk(get_ast(source))
            found += [(file, name, occurrence) for occurrence in range(visitor._count)]
    return found


def mutant_at(copy: Path, place: tuple[Path, str, int]) -> Mutant | None:
    """The mutant of a place, ``None`` where only an annotation, a text or a limit would change."""
    file, name, occurrence = place
    source = file.read_text(encoding="utf-8")
    code = mutate_code(source, get_operator(name)(), occurrence)
    lines = list(enumerate(zip(source.splitlines(), (code or "").splitlines(), strict=False), start=1))
    line, text = next(((number, one) for number, (one, other) in lines if one != other), (0, ""))
    if code is None or not line or _told(text):
        return None
    return Mutant(str(file.relative_to(copy)), source, code, line)


def _told(line: str) -> bool:
    """Whether a line is an annotation or a limit that only bounds the work."""
    return line.lstrip().startswith(("MOST_", "def ", "@", "FIRST", "ROWS", "BLOCK")) or '"""' in line


def noticed(copy: Path, mutant: Mutant | None, tests: Sequence[str], seconds: int) -> bool:
    """Whether the tests fail on a mutant; without one, on the tree as it is."""
    changed = copy / mutant.file if mutant else None
    if mutant and changed:
        changed.write_text(mutant.code, encoding="utf-8")
    try:
        return any(_fails(copy, [*tests, "-k", some], seconds) for some in (f"not (neo4j or {PROPERTIES})", PROPERTIES))
    finally:
        if mutant and changed:
            changed.write_text(mutant.before, encoding="utf-8")


def _fails(copy: Path, tests: Sequence[str], seconds: int) -> bool:
    """Whether tests fail in a process of their own; where there are none, they do not."""
    child = os.fork()
    if not child:
        os._exit(_tested(copy, tests, seconds))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) not in (0, 5)


def _tested(copy: Path, tests: Sequence[str], seconds: int) -> int:
    """Run tests in this process, with the copy in place of the tree."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    os.chdir(copy)
    sys.path[:] = [str(copy), *(path for path in sys.path if path and Path(path).resolve() != ROOT)]
    sys.dont_write_bytecode = True
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        return int(pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "--hypothesis-seed=0", *tests]))


def main() -> None:
    """Print what no test notices, and the share that some test does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--mutants", type=int, default=40, help="Drawn from each room.")
    parser.add_argument("--cpu-minutes", type=float, default=20.0, help="For all rooms; what is left is not tried.")
    parser.add_argument("--each", type=int, default=180, help="CPU seconds of a mutant.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--line", help="Only the mutants of this line.")
    asked = parser.parse_args()
    os.nice(10)
    for name in PRELOADED:
        import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve()
        for package in PACKAGES:
            shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / file, copy)
        for room in asked.rooms.split(","):
            if noticed(copy, None, ROOMS[room][1], 10 * asked.each):
                sys.exit(f"{room}: its tests fail without a mutation")
            found = places(copy, room)
            random.Random(asked.seed).shuffle(found)
            lived, tried = 0, 0
            for mutant in filter(None, (mutant_at(copy, place) for place in found)):
                spent = resource.getrusage(resource.RUSAGE_CHILDREN)
                if tried == asked.mutants or spent.ru_utime + spent.ru_stime > 60 * asked.cpu_minutes:
                    break
                if asked.line and f"{mutant.file}:{mutant.line}" != asked.line:
                    continue
                tried += 1
                if not noticed(copy, mutant, ROOMS[room][1], asked.each):
                    lived += 1
                    print(f"lives: {mutant.difference()}", flush=True)
            print(f"{room}: {tried - lived} of {tried} noticed, drawn from {len(found)}", flush=True)


if __name__ == "__main__":
    main()
