"""The table of a list: the command that it ends with can be run as it is."""

import shlex
from pathlib import Path

from tests.cli.conftest import Whyrec
from tests.graphs import ALIKE


def test_an_item_whose_id_another_type_has_too_is_named_with_its_type(tmp_path: Path, whyrec: Whyrec) -> None:
    folder = tmp_path / "shop"
    (tmp_path / "schema.toml").write_text(ALIKE, encoding="utf-8")
    for name, most in (("purchased", 4), ("enrolled", 3)):
        rows = [f"anna {n},{n % 5 + step}" for n in range(12) for step in range(most)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["head,tail", *rows]), encoding="utf-8")
    assert whyrec("init", folder, "--schema", tmp_path / "schema.toml").exit_code == 0
    assert whyrec("-w", folder, "load", tmp_path / "purchased.csv", tmp_path / "enrolled.csv").exit_code == 0
    last = whyrec("-w", folder, "recommend", "anna 1", "-n", "1").stdout.splitlines()[-1]
    program, *arguments = shlex.split(last.removeprefix("The whole account: "))
    assert program == "whyrec" and arguments[-1].partition(":")[0] in ("Course", "Product")
    assert whyrec(*arguments).exit_code == 0
