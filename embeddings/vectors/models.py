"""The embedding models, which loop trains each, and what it learns best with.

One more of PyKEEN's is a name here; arguments other than PyKEEN's own are in :mod:`embeddings.training.network`, the
geometry of one more matrix product in :mod:`embeddings.vectors.geometry`.
"""

from typing import Literal

Loop = Literal["products", "tail products", "stock"]
PRODUCTS = ("TransE", "DistMult", "ComplEx", "RotatE")
"""Models that score many candidates by one matrix product, on either side."""
TAIL_PRODUCTS = ("ConvE", "TuckER")
"""Models that do so for tails only; heads are the tails of inverse relations."""
STOCK = tuple(
    "BoxE CompGCN CP CrossE DistMA ERMLP ERMLPE HolE KG2E MuRE NTN PairRE ProjE QuatE RESCAL RGCN SE SimplE TorusE "
    "TransD TransF TransH TransR UM".split()
)
"""The other models of PyKEEN that need nothing but triples; PyKEEN's own loop trains them."""
MODELS = PRODUCTS + TAIL_PRODUCTS + STOCK

LEARNING_RATE: dict[Loop, float] = {"products": 0.1, "tail products": 0.1, "stock": 0.01}
NEGATIVES: dict[Loop, int] = {"products": 64, "tail products": 256, "stock": 10}
MODEL_RATE = {"RotatE": 0.2}
MODEL_NEGATIVES = {"RotatE": 128, "DistMult": 256, "ComplEx": 256}
"""Where a model does better with other numbers than its loop's."""
