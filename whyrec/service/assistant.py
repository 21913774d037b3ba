"""Tools for an assistant over the Model Context Protocol: each is one question to the engine, answered in words.

Results are short, a text and the largest parts, for every one of them goes into a conversation. What a tool raises is a
message for a person; anything else is told by its kind alone, since a traceback may hold data.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from kg.errors import WhyrecError
from whyrec.engine import Engine

INSTRUCTIONS = (
    "Recommendations over a knowledge graph. Say only what the answers say: shares add up to the score, and every fact "
    "is a triple of the graph. Find an entity by its name first; people are known by their exact ids alone."
)
LARGEST = 3
"""Parts of an account that a tool tells."""
Lang = Literal["en", "zh"]
R = TypeVar("R")


class Named(BaseModel):
    """An entity."""

    id: str
    type: str
    label: str
    text: str = ""


class ToolAnswer(BaseModel):
    """An answer in words, and what it is about."""

    text: str
    items: list[Named] = []
    shares: dict[str, float] = {}
    """Reason → share of the score, the largest first."""


def tools_server(engine: Engine) -> MCPServer[Any]:
    """The server; run it with ``run("stdio")``."""
    server: MCPServer[Any] = MCPServer("whyrec", log_level="ERROR", instructions=INSTRUCTIONS)
    for tool in (_find, _ask, _recommend, _why, _why_not, _similar, _compare, _audience, _gaps):
        server.tool(name=tool.__name__.strip("_"))(_told(tool(engine)))
    return server


def _told(ask: Callable[..., R]) -> Callable[..., R]:
    @wraps(ask)
    def asked(*arguments: Any, **named: Any) -> R:
        """The same; an error of whyrec is told to the assistant."""
        try:
            return ask(*arguments, **named)
        except WhyrecError as problem:
            raise ToolError(str(problem)) from None
        except Exception as defect:  # its message may hold data: only its kind leaves
            raise ToolError(f"a defect of whyrec: {type(defect).__name__}") from None

    return asked


def _find(engine: Engine) -> Callable[..., ToolAnswer]:
    def find(text: str, n: int = 5, lang: Lang = "en") -> ToolAnswer:
        """Find entities by what people call them: id, label, a part of one, pinyin, or with a typing error."""
        hits = engine.find(text, n=n, lang=lang).hits
        items = [Named(id=hit.id, type=hit.type, label=hit.label) for hit in hits]
        return ToolAnswer(text=f"{len(items)} found" if items else "nothing comes near it", items=items)

    return find


def _ask(engine: Engine) -> Callable[..., ToolAnswer]:
    def ask(question: str, user: str | None = None, n: int = 10) -> ToolAnswer:
        """Answer a question in English or Chinese from the graph; it says what it did not understand."""
        found = engine.ask(question, user=user, n=n)
        items = [
            Named(
                id=one.id,
                type=one.type,
                label=one.label,
                text="; ".join(f"{fact.head} {fact.relation} {fact.tail}" for fact in one.facts),
            )
            for one in found.answers
        ]
        return ToolAnswer(text=f"{found.understood} {found.text}".strip(), items=items)

    return ask


def _recommend(engine: Engine) -> Callable[..., ToolAnswer]:
    def recommend(
        user: str | None = None,
        anchors: list[str] | None = None,
        domain: str | None = None,
        n: int = 5,
        max_price: float | str | None = None,
        avoid: list[str] | None = None,
        lang: Lang = "en",
    ) -> ToolAnswer:
        """The best items for a user, or for somebody described by anchors (relation:ID), each with its reason."""
        found = engine.recommend(
            user, n=n, domain=domain, anchors=anchors or (), lang=lang, max_price=max_price, avoid=avoid or ()
        )
        items = [Named(id=one.id, type=one.type, label=one.label, text=one.reason) for one in found.items]
        return ToolAnswer(text=" ".join(found.notices), items=items)

    return recommend


def _why(engine: Engine) -> Callable[..., ToolAnswer]:
    def why(user: str, item: str, lang: Lang = "en") -> ToolAnswer:
        """Why an item is recommended to a user: the reasons with their shares of the score."""
        found = engine.why(user, item, lang=lang)
        largest = sorted(found.parts, key=lambda part: -part.share)[:LARGEST]
        named = Named(id=found.item.id, type=found.item.type, label=found.item.label)
        return ToolAnswer(text=found.text, items=[named], shares={part.text: part.share for part in largest})

    return why


def _why_not(engine: Engine) -> Callable[..., ToolAnswer]:
    def why_not(user: str, item: str, n: int = 10, lang: Lang = "en") -> ToolAnswer:
        """Why an item is not among the first n, and the smallest change, tried out, that would bring it there."""
        found = engine.why_not(user, item, n=n, lang=lang)
        return ToolAnswer(
            text=found.text, items=[Named(id=found.item.id, type=found.item.type, label=found.item.label)]
        )

    return why_not


def _similar(engine: Engine) -> Callable[..., ToolAnswer]:
    def similar(item: str, n: int = 5, lang: Lang = "en") -> ToolAnswer:
        """The items nearest to one, with what they share."""
        found = engine.similar(item, n, lang=lang)
        items = [Named(id=one.id, type=one.type, label=one.label, text=one.text) for one in found.items]
        return ToolAnswer(text=found.text, items=items)

    return similar


def _compare(engine: Engine) -> Callable[..., ToolAnswer]:
    def compare(user: str, first: str, second: str, lang: Lang = "en") -> ToolAnswer:
        """Why one item is ahead of another for a user, the largest differences with what they add."""
        found = engine.compare(user, first, second, lang=lang)
        items = [Named(id=one.id, type=one.type, label=one.label) for one in (found.first, found.second)]
        return ToolAnswer(
            text=found.text, items=items, shares={one.text: one.difference for one in found.differences[:LARGEST]}
        )

    return compare


def _audience(engine: Engine) -> Callable[..., ToolAnswer]:
    def audience(entity: str, lang: Lang = "en") -> ToolAnswer:
        """Who uses a brand, an item, an ingredient … and who would; counts in steps, never of single people."""
        found = engine.audience(entity, lang=lang)
        return ToolAnswer(text=found.text, shares={one.label: one.share for one in found.segments})

    return audience


def _gaps(engine: Engine) -> Callable[..., ToolAnswer]:
    def gaps(domain: str | None = None, n: int = 5, lang: Lang = "en") -> ToolAnswer:
        """What should be taught or made next, verified by ranking an item that is not there."""
        found = engine.gaps(domain, n=n, lang=lang)
        items = [
            Named(id=one.entity.id, type=one.entity.type, label=one.entity.label, text=one.brief) for one in found.gaps
        ]
        return ToolAnswer(text=found.text, items=items)

    return gaps
