"""Whoever was forgotten and stands in the store again, since an old copy of it was restored say, is erased there again.

No load lets such a person in. But who restores a store restores the store's list of the forgotten with it, as it was
then; the workspace that forgot her knows her still, and tells the others through the store.
"""

import uuid

import polars as pl

from kg.privacy.person_ids import person_types
from kg.stores.revision import FORGETTING, is_between_states
from kg.stores.store import Store
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace

CAME_BACK = (
    "people who were forgotten stood in the store again, as in an old copy that was restored, and were erased again"
)


def erase_again(workspace: Workspace, store: Store) -> bool:
    """Erase from a store whoever is on the list of the forgotten; whether anybody was there.

    :param store: open for writing.
    :raises StoreError: where it fails; the same call goes on.
    """
    suppression, mark = Suppression.open(workspace.folder, store), store.revision()
    if not suppression or (is_between_states(mark) and not (mark or "").startswith(FORGETTING)):
        return False  # a load goes on first
    back = dict[str, list[str]]()
    for name in person_types(workspace.schema):
        ids = store.read_entities(name).get_column("id")
        back[name] = ids.filter(suppression.among(name, ids)).to_list()
    if not any(back.values()):
        return False
    suppression.add(((name, one) for name, hers in back.items() for one in hers), store)
    store.set_revision(f"{FORGETTING}{uuid.uuid4()}")
    for name, hers in back.items():
        if hers:
            store.delete_entities(name, pl.DataFrame({"id": hers}))
    store.compact()
    store.set_revision(str(uuid.uuid4()))
    return True
