"""An account as a Mermaid flowchart."""

from recommender.results.account import Account, Path


def mermaid(account: Account) -> str:
    """The shown paths, user to item, as ``flowchart LR`` text; labels are quoted, so that any text is safe.

    People of different paths are different nodes, even where they are as many.
    """
    names: dict[tuple[str, ...], str] = {}
    lines: dict[str, None] = {}

    def name(path: Path, position: int) -> str:
        """The name of a node in the diagram; people of different paths are never one node."""
        node = path.nodes[position]
        people = position > 0 and node.id is None
        key = (path.text, str(position)) if people else (node.type, node.id if node.id is not None else node.label)
        if key not in names:
            names[key] = f"n{len(names)}"
            lines[f"  {names[key]}[{_quoted(f'{node.label} ({node.type})')}]"] = None
        return names[key]

    for part in account.parts:
        for path in part.paths or ():
            for position, step in enumerate(path.relations):
                lines[f"  {name(path, position)} -->|{_quoted(step)}| {name(path, position + 1)}"] = None
    return "\n".join(["flowchart LR", *lines])


def _quoted(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return '"' + escaped.replace("\n", " ") + '"'
