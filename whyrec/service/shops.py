"""The shops of one service: each has a name of its own, and keys that open no other."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UsageError
from whyrec.service.distinct_keys import FOLDER, check_distinct, check_tokens, names_of
from whyrec.service.shop import Shop

if TYPE_CHECKING:
    from whyrec.service.precomputation.ring_buffer import RingBuffer


def shops_of(folders: Sequence[Path], memories: "Mapping[Path, RingBuffer] | None" = None) -> list[Shop]:
    """The shops of some workspaces.

    :param memories: what workers share of those that share anything.
    :raises WorkspaceError: where a folder is no workspace.
    :raises UsageError: where one is named twice, or a token would open two of them.
    """
    shared = memories or {}
    check_tokens(folders)
    shops = [Shop(folder, name, shared.get(folder)) for folder, name in zip(folders, names_of(folders), strict=True)]
    try:
        _check_apart(shops)
    except UsageError:
        for shop in shops:
            shop.close()
        raise
    return shops


def _check_apart(shops: Sequence[Shop]) -> None:
    """Each workspace has people of its own.

    :raises UsageError: where what opens one would open another.
    """
    check_distinct([(shop.name, mark, advice) for shop in shops for mark, advice in _marks(shop)])


def _marks(shop: Shop) -> Iterator[tuple[object, str]]:
    """What opens a shop beside its tokens, and what to do where it opens another too."""
    folder = shop.engine.workspace.folder
    if shop.sessions is not None:
        yield ("sessions", shop.sessions.digest), f"delete {folder / FOLDER / 'sessions.key'}, and another is made"
    if shop.openid is not None:
        mark = shop.openid.issuer, shop.openid.settings.audience or shop.openid.settings.client_id
        yield mark, f"say another `audience` or `client_id` in [oidc] of {folder / 'whyrec.toml'}"
