"""The shops of one service: each has a name of its own, and keys that open no other."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UsageError
from whyrec.service.access import ADMIN_FILE, ADMIN_VARIABLE, TOKENS
from whyrec.service.shop import Shop

if TYPE_CHECKING:
    from whyrec.service.precomputation.ring_buffer import RingBuffer

FOLDER = "service"


def shops_of(folders: Sequence[Path], memories: "Mapping[Path, RingBuffer] | None" = None) -> list[Shop]:
    """The shops of some workspaces.

    :param memories: what workers share of those that share anything.
    :raises WorkspaceError: where a folder is no workspace.
    :raises UsageError: where one is named twice, or a token would open two of them.
    """
    shared = memories or {}
    shops = [Shop(folder, name, shared.get(folder)) for folder, name in zip(folders, names_of(folders), strict=True)]
    try:
        _check_apart(shops)
    except UsageError:
        for shop in shops:
            shop.close()
        raise
    return shops


def names_of(folders: Sequence[Path]) -> list[str]:
    """What the workspaces of one service are called: the shortest end of each path that is no other's.

    :raises UsageError: where one is named twice.
    """
    paths = [folder.resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        again = next(one for one in paths if paths.count(one) > 1)
        raise UsageError(f"`workspace` {again} is named twice; name each once")
    return [next(end for end in _ends(path) if sum(end in _ends(one) for one in paths) == 1) for path in paths]


def _ends(path: Path) -> list[str]:
    """The ends of a path, the shortest first."""
    return ["/".join(path.parts[-count:]) for count in range(1, len(path.parts) + 1)]


def _check_apart(shops: Sequence[Shop]) -> None:
    """Each workspace has people of its own.

    :raises UsageError: where what opens one would open another.
    """
    seen = dict[object, Shop]()
    for shop in shops:
        for mark, advice in _marks(shop):
            if mark in seen:
                raise UsageError(f"{seen[mark].name} and {shop.name} of one service need keys of their own: {advice}")
            seen[mark] = shop


def _marks(shop: Shop) -> Iterator[tuple[object, str]]:
    """What opens a shop, and what to do where it opens another too: a copied workspace brings its keys along."""
    folder = shop.engine.workspace.folder
    for digest, name in shop.tokens.digests().items():
        if name == "admin":
            told = shop.tokens.admin_source == ADMIN_VARIABLE
            advice = f"unset {ADMIN_VARIABLE}" if told else f"delete {folder / ADMIN_FILE}, and another is made"
        else:
            advice = f"take the token {name!r} out of {folder / FOLDER / TOKENS}"
        yield digest, advice
    if shop.sessions is not None:
        yield ("sessions", shop.sessions.digest), f"delete {folder / FOLDER / 'sessions.key'}, and another is made"
    if shop.openid is not None:
        mark = shop.openid.issuer, shop.openid.settings.audience or shop.openid.settings.client_id
        yield mark, f"say another `audience` or `client_id` in [oidc] of {folder / 'whyrec.toml'}"
