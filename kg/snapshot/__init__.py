"""Snapshots: a frozen, memory-mapped picture of a store."""

import numpy as np

_TOOLS = {"f2py", "testing", "polynomial", "ctypeslib"}


def _import_sparse() -> None:
    """Import scipy.sparse, which copies all that NumPy lists, without the tools among it.

    They take a fifth of the start of ``whyrec recommend``, and no matrix needs them; who asks NumPy for one gets it as
    ever.
    """
    listed = {name: getattr(np, name) for name in ("__all__", "__dir__")}
    names = [name for name in dir(np) if name not in _TOOLS]
    np.__dict__.update(__all__=[name for name in np.__all__ if name not in _TOOLS], __dir__=lambda: names)
    try:
        import scipy.sparse  # noqa: F401  # in this place once, so that it is there for all
    finally:
        np.__dict__.update(listed)


_import_sparse()
