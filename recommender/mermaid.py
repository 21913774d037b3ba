"""An account as a Mermaid flowchart."""

from recommender.results import Account, Node


def mermaid(account: Account) -> str:
    """The shown paths, user to item, as ``flowchart LR`` text; labels are quoted, so that any text is safe."""
    names: dict[tuple[str, str], str] = {}
    lines: dict[str, None] = {}

    def name(node: Node) -> str:
        key = (node.type, node.id if node.id is not None else node.label)
        if key not in names:
            names[key] = f"n{len(names)}"
            lines[f"  {names[key]}[{_quoted(f'{node.label} ({node.type})')}]"] = None
        return names[key]

    for part in account.parts:
        for path in part.paths or ():
            ends = zip(path.nodes, path.nodes[1:], path.relations, strict=False)
            for head, tail, step in ends:
                lines[f"  {name(head)} -->|{_quoted(step)}| {name(tail)}"] = None
    return "\n".join(["flowchart LR", *lines])


def _quoted(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return '"' + escaped.replace("\n", " ") + '"'
