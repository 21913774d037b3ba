"""The proof that no path that is shown meets what is forbidden: each node that is told is looked up once more."""

from collections.abc import Iterator, Sequence

from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot
from recommender.results.account import Part, Proof
from recommender.rules.avoidance import Forbidden
from recommender.texts.language import Language


def path_proof(parts: Sequence[Part], snapshot: Snapshot, forbidden: Forbidden, language: Language) -> Proof:
    """Look at every node of every path and every anchor that an account names, but for the item asked about.

    :raises ModelError: where one of them is forbidden: the account is not told then.
    """
    paths, nodes, known = 0, 0, dict[tuple[str, str], int | None]()
    for part in parts:
        paths += len(part.paths or ())
        for entity_type, entity_id, own in _named(part):
            nodes += 1
            if (entity_type, entity_id) not in known:
                known[entity_type, entity_id] = snapshot.vocabulary.get(entity_type, entity_id)
            idx = known[entity_type, entity_id]
            beyond = forbidden.beyond.get(entity_type)
            hidden = idx is None or not forbidden.names(entity_type, idx)
            if hidden or (not own and beyond is not None and beyond[idx]):
                raise ModelError(
                    f"{entity_type}:{entity_id} is forbidden and stands on a path that would be shown; nothing is "
                    "told. This is a defect, please report it"
                )
    count = sum(int(mask.sum()) for mask in (*forbidden.named.values(), *forbidden.beyond.values()))
    text = language.section("tables")["proof"].format(paths=paths, nodes=nodes, forbidden=count)
    return Proof(paths=paths, nodes=nodes, forbidden=count, text=text)


def _named(part: Part) -> Iterator[tuple[str, str, bool]]:
    """Type and id of what a part names, and whether the user has it herself."""
    for path in part.paths or ():
        for rank, node in enumerate(path.nodes[1:-1], start=1):
            if node.id is not None:
                yield node.type, node.id, rank == 1
    for near in part.nearest or ():
        yield near.type, near.id, True
