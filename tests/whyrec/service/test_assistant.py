"""Tools for an assistant, called by the protocol's own client over standard input and output."""

import asyncio
import sys
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.server.mcpserver.exceptions import ToolError

import whyrec
from kg.errors import UsageError
from whyrec.service.assistant import _check_size, tools_server


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each tool says, and what is listed."""
    folder = tmp_path_factory.mktemp("tools") / "shop"
    whyrec.create(folder, example=True).load()
    calls = {
        "find": {"text": "lipstick", "n": 2},
        "ask": {"question": "哪些面霜含烟酰胺？"},
        "recommend": {"user": "u0002", "n": 2, "domain": "courses"},
        "why": {"user": "u0002", "item": "c009"},
        "compare": {"anchors": ["has_concern:acne"], "first": "p0001", "second": "p0042", "max_price": 60},
        "what_if": {"anchors": ["has_concern:acne"], "add": ["has_skin_type:oily"], "domain": "courses"},
        "item": {"item": "p0013"},
        "similar": {"item": "p0001", "n": 1},
        "why_not": {"user": "ann@example.com", "item": "p0001"},
        "overview": {"days": 10**9},
    }

    async def talk() -> dict[str, Any]:
        server = StdioServerParameters(command=sys.executable, args=["-m", "cli", "-w", str(folder), "mcp"])
        async with Client(stdio_client(server)) as client:
            listed = {tool.name: tool for tool in (await client.list_tools()).tools}
            return {"listed": listed, **{name: await client.call_tool(name, given) for name, given in calls.items()}}

    return {"folder": folder, **asyncio.run(talk())}


def test_every_tool_is_listed_with_what_it_takes(answers: dict[str, Any]) -> None:
    listed = answers["listed"]
    people = {"find", "ask", "recommend", "why", "why_not", "what_if", "similar", "compare", "difference"}
    expected = people | {"audience", "bridge", "gaps", "item", "overview", "private"}
    assert set(listed) == expected
    assert all(tool.description and tool.input_schema["properties"] for tool in listed.values())


def test_answers_are_those_of_the_engine(answers: dict[str, Any]) -> None:
    engine = whyrec.open(answers["folder"])
    told = {
        name: one.structured_content for name, one in answers.items() if name not in ("folder", "listed", "why_not")
    }
    assert [one["id"] for one in told["find"]["items"]] == [hit.id for hit in engine.find("lipstick", n=2).hits]
    best = engine.recommend("u0002", n=2, domain="courses").items
    assert [(one["id"], one["text"]) for one in told["recommend"]["items"]] == [(one.id, one.reason) for one in best]
    account = engine.why("u0002", "c009")
    assert told["why"]["text"] == account.text
    assert max(told["why"]["shares"].values()) == max(part.share for part in account.parts)
    visitor = engine.compare(None, "p0001", "p0042", anchors=["has_concern:acne"], max_price=60)
    assert told["compare"]["text"] == visitor.text
    asked = {"anchors": ["has_concern:acne"], "add": ["has_skin_type:oily"], "domain": "courses", "n": 5}
    assert [one["id"] for one in told["what_if"]["items"]] == [one.id for one in engine.what_if(None, **asked).after]
    assert told["item"]["text"].startswith(engine.item("p0013").text)
    assert [one["id"] for one in told["ask"]["items"]] == [
        one.id for one in engine.ask("哪些面霜含烟酰胺？", n=10).answers
    ]


def test_a_mistake_is_a_message_that_names_nobody_else(answers: dict[str, Any]) -> None:
    refused = answers["why_not"]
    assert refused.is_error
    text = refused.content[0].text
    assert "unknown User" in text and "u0" not in text


def test_what_is_larger_than_any_question_is_refused(answers: dict[str, Any]) -> None:
    refused = answers["overview"]
    assert refused.is_error and "`days` 1000000000: expected 3650 at most" in refused.content[0].text
    for many, told in (
        ({"n": 1_001}, "`n` 1001"),
        ({"avoid": ["x"] * 101}, "`avoid`"),
        ({"text": "x" * 1_001}, "`text`"),
    ):
        with pytest.raises(UsageError, match=told):
            _check_size(many)
    _check_size({"n": 1_000, "user": None, "anchors": ["has_concern:acne"]})


def test_wrong_arguments_are_told_in_our_own_words(answers: dict[str, Any]) -> None:
    server = tools_server(whyrec.open(answers["folder"]))
    wrong = {
        "`n`: expected a whole number": ("recommend", {"user": "u0002", "n": "many"}),
        "`domian`: recommend has no such argument; nearest: 'domain'": ("recommend", {"user": "u1", "domian": "x"}),
        "`lang`: expected 'en' or 'zh'": ("why", {"user": "u0002", "item": "p0001", "lang": "fr"}),
        "`item`: is missing": ("why", {"user": "u0002"}),
        "`anchors`: expected a list": ("recommend", {"anchors": "purchased:p0001"}),
        "`max_price`: expected a number": ("recommend", {"user": "u0002", "max_price": {}}),
        "'recomend' is no tool of yours; nearest: 'recommend'": ("recomend", {}),
    }
    for told, (tool, arguments) in wrong.items():
        with pytest.raises(ToolError) as refused:
            asyncio.run(server.call_tool(tool, arguments))
        assert str(refused.value) == told


def test_what_is_wrong_is_told_in_the_language_that_was_asked_for(answers: dict[str, Any]) -> None:
    server = tools_server(whyrec.open(answers["folder"]))
    wrong = (
        ("why", {"user": "nobody-here", "item": "p0001"}, "unknown User 'nobody-here'", "没有编号"),
        ("recommend", {"user": "u0002", "avoid": ["contians:AQUA"]}, "avoid 'contians:AQUA': expected", "：应写成"),
        ("recommend", {"user": "u0002", "n": "many"}, "`n`: expected a whole number", "：应为整数"),
        ("find", {"text": "x" * 1_001}, "`text`: expected", "字符"),
    )
    for tool, arguments, english, chinese in wrong:
        for lang, told in (("en", english), ("zh", chinese)):
            with pytest.raises(ToolError) as refused:
                asyncio.run(server.call_tool(tool, arguments | {"lang": lang}))
            assert told in str(refused.value) and "Error executing" not in str(refused.value)
