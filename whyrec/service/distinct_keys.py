"""Keys that open one workspace of a service alone: what can be known of names and tokens before anything is opened."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kg.errors import UsageError
from whyrec.service.access import ADMIN_FILE, ADMIN_VARIABLE, TOKENS, Tokens

FOLDER = "service"


def check_tokens(folders: Sequence[Path]) -> None:
    """Check that each workspace has tokens of its own.

    :raises UsageError: where one is named twice, or a token would open two of them.
    :raises WorkspaceError: where the tokens of one are damaged.
    """
    named = zip(names_of(folders), folders, strict=True)
    check_distinct([(name, mark, advice) for name, folder in named for mark, advice in _marks(folder)])


def check_distinct(marks: Iterable[tuple[str, object, str]]) -> None:
    """Check that nothing opens two workspaces.

    :param marks: the workspace, what opens it, and what to do where that opens another, too.
    :raises UsageError: where it does.
    """
    seen = dict[object, str]()
    for name, mark, advice in marks:
        if seen.setdefault(mark, name) != name:
            raise UsageError(f"{seen[mark]} and {name} of one service need keys of their own: {advice}")


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


def _marks(folder: Path) -> Iterator[tuple[object, str]]:
    """The hashes of the tokens of a workspace, and what to do where one opens another, too: a copied workspace brings
    its tokens along."""
    tokens = Tokens(folder)
    for digest, name in tokens.digests().items():
        if name == "admin":
            told = tokens.admin_source == ADMIN_VARIABLE
            advice = f"unset {ADMIN_VARIABLE}" if told else f"delete {folder / ADMIN_FILE}, and another is made"
        else:
            advice = f"take the token {name!r} out of {folder / FOLDER / TOKENS}"
        yield digest, advice
