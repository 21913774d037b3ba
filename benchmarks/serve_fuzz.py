"""Fuzz the REST interface by its OpenAPI document with schemathesis: no server error, no traceback, in many requests.

    python benchmarks/serve_fuzz.py WORKSPACE [--requests 10000]

The workspace is copied; requests of all kinds are made by an admin, those that forget people too.
"""

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated

import hypothesis
import schemathesis
import typer
from hypothesis import HealthCheck, Phase, given, settings
from rich.console import Console
from starlette.testclient import TestClient

from whyrec.service.access import Tokens
from whyrec.service.app import create_app

CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace.")],
    requests: Annotated[int, typer.Option(help="How many, over all operations.")] = 10_000,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(shutil.copytree(folder, Path(scratch) / "shop"))
        app = create_app([home], per_second=1e9)
        headers = {"Authorization": f"Bearer {Tokens(home)._admin}"}
        schema = schemathesis.openapi.from_dict(app.openapi())
        operations = [one.ok() for one in schema.get_all_operations()]
        statuses: Counter[int] = Counter()
        wrong: list[str] = []
        with TestClient(app, raise_server_exceptions=False) as client:
            left, number = operations, seed
            while left and statuses.total() < requests:  # some take no parameters, and are asked once
                examples, varied = -(-(requests - statuses.total()) // len(left)), []
                for operation in left:
                    before = statuses.total()
                    _fuzz(operation, client, headers, (examples, number, statuses, wrong))
                    varied += [operation] if statuses.total() - before >= examples else []
                    CONSOLE.print(f"{operation.label}: {statuses.total():,} requests so far, {len(wrong)} wrong")
                left, number = varied, number + 1
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    CONSOLE.print(f"{statuses.total():,} requests over {len(operations)} operations: {told}")
    for one in wrong[:20]:
        CONSOLE.print(one)
    CONSOLE.print(f"server errors or tracebacks: {len(wrong)}")
    raise typer.Exit(bool(wrong))


def _fuzz(operation, client, headers, told) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    examples, number, statuses, wrong = told
    budget = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @hypothesis.seed(number)
    @budget
    @given(case=operation.as_strategy())
    def ask(case) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        parts = case.as_transport_kwargs(base_url="http://testserver")
        parts["headers"] = {**dict(parts.get("headers") or {}), **headers}
        answer = client.request(**{key: parts[key] for key in parts if key in _TAKEN})
        statuses[answer.status_code] += 1
        if answer.status_code >= 500 or "Traceback" in answer.text:
            wrong.append(f"{operation.label}: {answer.status_code} {answer.text[:300]}")

    ask()


_TAKEN = ("method", "url", "headers", "cookies", "params", "json", "content", "data", "files")

if __name__ == "__main__":
    typer.run(main)
