"""Whether the workspaces of a service are where they were when it started, and open; what is wrong with one is no
matter of those who ask another.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kg.errors import WorkspaceError
from kg.workspace.workspace import CONFIGURATION

if TYPE_CHECKING:
    from whyrec.service.access import Caller
    from whyrec.service.shop import Shop


def check_there(shops: "Iterable[Shop]") -> None:
    """Check that nobody moved, removed or sealed a workspace beneath the service.

    :raises WorkspaceError: where somebody did; it names the workspace as the service does.
    """
    for shop in shops:
        workspace = shop.engine.workspace
        if not (workspace.folder / CONFIGURATION).is_file():
            raise WorkspaceError(
                f"{shop.name}: the workspace is no longer where the service found it; move it back, or start the "
                "service where it is now"
            )
        workspace.check_open()


def first_known(shops: "Iterable[Shop]", ask: "Callable[[Shop], Caller | None]") -> "tuple[Shop, Caller] | None":
    """The shop that knows somebody, and who that is there; ``None`` where none does.

    :param ask: asks one of them.
    :raises WorkspaceError: where none does, and the tokens of one cannot be read.
    """
    unread = None
    for shop in shops:
        try:
            caller = ask(shop)
        except WorkspaceError as problem:
            unread = unread or problem
            continue
        if caller is not None:
            return shop, caller
    if unread is not None:
        raise unread
    return None
