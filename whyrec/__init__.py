"""Explainable recommendations over a knowledge graph: every score comes with its paths.

::

    import whyrec

    engine = whyrec.create("demo", example=True)   # or whyrec.open("demo")
    engine.load()
    engine.train()
    answer = engine.recommend("u0001", n=5, domain="courses")
    account = engine.why("u0001", answer.items[0].id)

Answers are pydantic documents, the same that the command line prints with ``--json``. What is imported here is loaded
when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.errors import LimitError, ModelError, UnknownEntityError, UsageError, WhyrecError
    from kg.progress import Progress
    from whyrec.engine import Engine, create, open

__all__ = [
    "Engine",
    "LimitError",
    "ModelError",
    "Progress",
    "UnknownEntityError",
    "UsageError",
    "WhyrecError",
    "__version__",
    "create",
    "open",
]
_HOMES = {
    "Engine": "whyrec.engine",
    "create": "whyrec.engine",
    "open": "whyrec.engine",
    "Progress": "kg.progress",
}
__version__: str


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("whyrec")
    if name not in __all__:
        raise AttributeError(f"module 'whyrec' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "kg.errors")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
