"""Tools for an assistant over the Model Context Protocol: each is one question to the engine, answered in words.

Results are short, a text and the largest parts, for every one of them goes into a conversation. What a tool raises is a
message for a person; anything else is told by its kind alone, since a traceback may hold data.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from kg.errors import UsageError, WhyrecError
from recommender.texts.messages import translated
from whyrec.engine import Engine
from whyrec.service.pseudonyms import unnamed
from whyrec.service.shop_tools import SHOP_TOOLS
from whyrec.service.sizes import MOST_DAYS, MOST_ITEMS, MOST_TEXT, MOST_TEXTS
from whyrec.service.tool_answers import LARGEST, Lang, Named, ToolAnswer
from whyrec.service.tool_server import ToolServer

INSTRUCTIONS = (
    "Recommendations over a knowledge graph. Say only what the answers say: shares add up to the score, and every fact "
    "is a triple of the graph. Find an entity by its name first; people are known by their exact ids alone."
)
LARGEST_NUMBERS = {"n": MOST_ITEMS, "days": MOST_DAYS}
LISTED = 5
"""Items of a list that is told after a change."""
R = TypeVar("R")


def tools_server(engine: Engine, may: Callable[[str], bool] = lambda _: True) -> MCPServer[Any]:
    """The server; run it with ``run("stdio")``.

    :param may: which tools are offered, by name.
    """
    server = ToolServer("whyrec", log_level="ERROR", instructions=INSTRUCTIONS)
    for tool in (_find, _ask, _recommend, _why, _why_not, _what_if, _similar, _compare, _difference, *SHOP_TOOLS):
        name = tool.__name__.strip("_")
        if may(name):
            server.tool(name=name)(_told(tool(engine)))
    return server


def _told(ask: Callable[..., R]) -> Callable[..., R]:
    @wraps(ask)
    def asked(*arguments: Any, **named: Any) -> R:
        """The same; an error of whyrec is told to the assistant."""
        try:
            _check_size(named)
            return ask(*arguments, **named)
        except WhyrecError as problem:
            raise ToolError(str(problem)) from None
        except Exception as defect:  # its message may hold data: only its kind leaves
            raise ToolError(f"a defect of whyrec: {type(defect).__name__}") from None

    return asked


def _check_size(named: dict[str, Any]) -> None:
    """Refuse what the REST interface refuses too.

    :raises UsageError: for a longer list, more days, or a longer text than any question needs.
    """
    for name, value in named.items():
        if isinstance(value, int) and value > LARGEST_NUMBERS.get(name, value):
            raise UsageError(f"`{name}` {value}: expected {LARGEST_NUMBERS[name]} at most")
        texts = value if isinstance(value, list) else [value]
        if len(texts) > MOST_TEXTS or any(isinstance(one, str) and len(one) > MOST_TEXT for one in texts):
            raise UsageError(f"`{name}`: expected up to {MOST_TEXTS} texts, of up to {MOST_TEXT} characters each")


def _find(engine: Engine) -> Callable[..., ToolAnswer]:
    def find(text: str, n: int = 5, lang: Lang = "en") -> ToolAnswer:
        """Find entities by what people call them: id, label, a part of one, pinyin, or with a typing error."""
        found = engine.find(text, n=n, lang=lang)
        hits = unnamed(found, engine.snapshot.schema).hits  # what it tells may go to whoever runs a language model
        items = [Named(id=hit.id, type=hit.type, label=hit.label) for hit in hits]
        told = f"{len(items)} found" if items else "nothing comes near it"
        return ToolAnswer(text=translated(told, lang), items=items)

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
        rules = _rules(max_price, avoid)
        found = engine.recommend(user, n=n, domain=domain, anchors=anchors or (), lang=lang, **rules)
        items = [Named(id=one.id, type=one.type, label=one.label, text=one.reason) for one in found.items]
        return ToolAnswer(text=" ".join(found.notices), items=items)

    return recommend


def _why(engine: Engine) -> Callable[..., ToolAnswer]:
    def why(
        item: str,
        user: str | None = None,
        anchors: list[str] | None = None,
        max_price: float | str | None = None,
        avoid: list[str] | None = None,
        lang: Lang = "en",
    ) -> ToolAnswer:
        """Why an item is recommended to a user, or to somebody described by anchors (relation:ID): the reasons with
        their shares of the score, under the rules in force."""
        rules = _rules(max_price, avoid)
        found = engine.why(user, item, anchors=anchors or (), lang=lang, **rules)
        largest = sorted(found.parts, key=lambda part: -part.share)[:LARGEST]
        named = Named(id=found.item.id, type=found.item.type, label=found.item.label)
        return ToolAnswer(text=found.text, items=[named], shares={part.text: part.share for part in largest})

    return why


def _why_not(engine: Engine) -> Callable[..., ToolAnswer]:
    def why_not(
        item: str,
        user: str | None = None,
        anchors: list[str] | None = None,
        n: int = 10,
        max_price: float | str | None = None,
        avoid: list[str] | None = None,
        lang: Lang = "en",
    ) -> ToolAnswer:
        """Why an item is not among the first n of a user, or of somebody described by anchors (relation:ID), and the
        smallest change, tried out, that would bring it there."""
        rules = _rules(max_price, avoid)
        found = engine.why_not(user, item, anchors=anchors or (), n=n, lang=lang, **rules)
        return ToolAnswer(
            text=found.text, items=[Named(id=found.item.id, type=found.item.type, label=found.item.label)]
        )

    return why_not


def _what_if(engine: Engine) -> Callable[..., ToolAnswer]:
    def what_if(
        user: str | None = None,
        anchors: list[str] | None = None,
        add: list[str] | None = None,
        remove: list[str] | None = None,
        domain: str | None = None,
        avoid: list[str] | None = None,
        lang: Lang = "en",
    ) -> ToolAnswer:
        """The list of a user, or of somebody described by anchors, after they had, or had not, something (relation:ID);
        why each item moved. Nothing is written."""
        asked: dict[str, Any] = {"anchors": anchors or (), "add": add or (), "remove": remove or ()}
        found = engine.what_if(user, **asked, n=LISTED, domain=domain, lang=lang, **_rules(None, avoid))
        why = {(one.type, one.id): one.text for one in found.moved}
        items = [
            Named(id=one.id, type=one.type, label=one.label, text=why.get((one.type, one.id), ""))
            for one in found.after
        ]
        return ToolAnswer(text=found.text, items=items)

    return what_if


def _rules(max_price: float | str | None, avoid: list[str] | None) -> dict[str, Any]:
    """Rules of one question, on top of those of the shop."""
    return {"max_price": max_price, "avoid": avoid or ()}


def _similar(engine: Engine) -> Callable[..., ToolAnswer]:
    def similar(item: str, n: int = 5, lang: Lang = "en") -> ToolAnswer:
        """The items nearest to one, with what they share."""
        found = engine.similar(item, n, lang=lang)
        items = [Named(id=one.id, type=one.type, label=one.label, text=one.text) for one in found.items]
        return ToolAnswer(text=found.text, items=items)

    return similar


def _compare(engine: Engine) -> Callable[..., ToolAnswer]:
    def compare(
        first: str,
        second: str,
        user: str | None = None,
        anchors: list[str] | None = None,
        max_price: float | str | None = None,
        avoid: list[str] | None = None,
        lang: Lang = "en",
    ) -> ToolAnswer:
        """Why one item is ahead of another for a user, or for somebody described by anchors (relation:ID): the largest
        differences with what they add."""
        rules = _rules(max_price, avoid)
        found = engine.compare(user, first, second, anchors=anchors or (), lang=lang, **rules)
        items = [Named(id=one.id, type=one.type, label=one.label) for one in (found.first, found.second)]
        return ToolAnswer(
            text=found.text, items=items, shares={one.text: one.difference for one in found.differences[:LARGEST]}
        )

    return compare


def _difference(engine: Engine) -> Callable[..., ToolAnswer]:
    def difference(user: str, since: str, domain: str | None = None, n: int = 10, lang: Lang = "en") -> ToolAnswer:
        """Why a user's list is another than it was at a date, or with a snapshot: what they did, what others did, new
        items, weights, rules; the shares of each add up to the change."""
        found = engine.difference(user, since, n=n, domain=domain, lang=lang)
        items = [
            Named(
                id=one.id, type=one.type, label=one.label, text="; ".join(cause.text for cause in one.causes[:LARGEST])
            )
            for one in found.items
        ]
        return ToolAnswer(text=" ".join((found.text, *found.notices)), items=items)

    return difference
