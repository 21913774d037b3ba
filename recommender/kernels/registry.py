"""Registry: the kinds of learned kernels, and with the metapaths of the schema all that a blend weighs."""

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import LearnedKernel
from recommender.kernels.learned.association import Association
from recommender.kernels.learned.bridge import BridgeKernel
from recommender.kernels.learned.far_bridge import FarBridge
from recommender.kernels.learned.latent_map import LatentMap
from recommender.kernels.learned.partner import PartnerKernel
from recommender.kernels.learned.partner_association import PartnerAssociation
from recommender.kernels.learned.partner_attributes import PartnerAttributes
from recommender.kernels.learned.propagation import Propagation
from recommender.kernels.learned.renewal import RenewalKernel
from recommender.kernels.learned.sequence import SequenceKernel
from recommender.kernels.learned.text_similarity import TextSimilarity
from recommender.kernels.learned.union import Union
from recommender.kernels.metapaths import LearnedStep, Metapath
from recommender.kernels.narrowing import Narrowing, narrowing_of

LEARNED: tuple[type[LearnedKernel], ...] = (
    Association,
    Union,
    LatentMap,
    TextSimilarity,
    SequenceKernel,
    BridgeKernel,
    FarBridge,
    Propagation,
    PartnerKernel,
    PartnerAttributes,
    PartnerAssociation,
    RenewalKernel,
)
"""Every kind, in the order in which they are added up: a new one is a file with its class in
``recommender/kernels/learned``, a line here, and its sentence in each language."""


def scored_paths(snapshot: Snapshot, narrowing: Narrowing | None = None) -> tuple[Metapath, ...]:
    """All metapaths that are walked, then the learned kernels.

    :param narrowing: what metapaths leave out; what is too much for the snapshot where absent.
    """
    chosen = narrowing_of(snapshot) if narrowing is None else narrowing
    return (*chosen.enumerate(snapshot.schema), *learned_paths(snapshot))


def learned_paths(snapshot: Snapshot, *kinds: type[LearnedKernel]) -> tuple[Metapath, ...]:
    """The learned kernels that exist from each interaction to each item type.

    :param kinds: which, all where absent.
    """
    schema = snapshot.schema
    tails = [(name, schema.relation[name].tail) for name in schema.interactions]
    return tuple(
        Metapath((start,), LearnedStep(kind.name, kind.step(tail, item_type), (tail, item_type)))
        for kind in kinds or LEARNED
        for name, tail in tails
        for item_type in schema.item_types
        if kind.exists(snapshot, tail, item_type) and (start := kind.start(snapshot, name)) is not None
    )


def learned_steps(item_types: tuple[str, ...]) -> dict[str, tuple[type[LearnedKernel], str, str]]:
    """The step of every learned kernel between some item types → its kind, the type of its anchors and of its items."""
    ends = [(anchor_type, item_type) for anchor_type in item_types for item_type in item_types]
    return {kind.step(*pair): (kind, *pair) for kind in LEARNED for pair in ends}
