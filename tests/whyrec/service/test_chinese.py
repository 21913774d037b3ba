"""Under ``--lang zh`` nothing that whyrec itself says is English: pages, what goes wrong on them, errors, rejects."""

import csv
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from starlette.testclient import TestClient
from typer.testing import CliRunner

import whyrec
from cli.main import app
from recommender.texts.messages import translated
from tests.whyrec.service.test_console import PAGES
from whyrec import Engine
from whyrec.service.access import Role, Tokens
from whyrec.service.app import create_app

WRONG = (
    "/person?user=nobody",
    "/person?also=foo",
    "/why?user=u0002&item=zzz",
    "/why?user=u0002",
    "/brand?entity=nonsense",
    "/rules?max_price=abc",
    "/rules?avoid=foo:bar",
    "/rules?min_price=9&max_price=1",
    "/item?item=Product:zz",
    "/what-if?user=u0002",
    "/compare?user=u0002&first=p0001&second=zz",
    "/difference?user=u0002&since=foo",
    "/ask?question=什么是xyzzy",
    "/traffic?days=0",
)
SECRET = "AGE-SECRET-KEY-1ESF5RHQGDP2LG4Y5QUVGELCXPSQYW7PZZQTTCFKZQMVTHUP6ZW7S80HYT2"
COMMANDS = (
    ("recommend", "nobody"),
    ("recommend", "u0002", "--max-price", "abc"),
    ("recommend", "u0002", "--avoid", "foo:bar"),
    ("why", "u0002", "zzz"),
    ("what-if", "u0002"),
    ("similar", "zzz"),
    ("objectives", "--dry-run"),
    ("certify", "--alpha", "2"),
    ("certify", "--below", "0"),
    ("audit", "--no-quality", "--domain", "zzz"),
    ("export-person", "nobody"),
    ("forget", "nobody"),
    ("seal",),
    ("unseal",),
    ("overview", "--epsilon", "1"),
    ("federate", "offer", "--to", "age1foo", "--dry-run"),
    ("federate", "offer", "--to", SECRET, "--dry-run"),
    ("federate", "offer", "--to", "age1foo", "--dry-run", "--k", "2"),
    ("federate", "accept", __file__),
    ("federate", "remove", "Nobody"),
)
SLOW = "/why-not"  # another process: its frame is that of the others
NAMES = {
    "REST",
    "whyrec",
    "English",
    "CSV",
    "NDCG",
    "UTC",
    "TransE",
    "ISO",
    "JSON",
    "NUL",
    "GBP",
    "SPF",
    "python",
    "toml",
    "token",
}
NAMES |= {
    "relation",
    "Type",
    "experiment",
    "run",
    "FILE",
    "objectives",
    "floors",
    "diversity",
    "shop",
    "stats",
    "graph",
}
NAMES |= {"WHYREC", "ADMIN", "TOKEN", "serve", "history", "keep", "user", "margin", "rejects", "csv", "create", "ends"}
NAMES |= {
    "avoid",
    "true",
    "null",
    "day",
    "first",
    "month",
    "dates",
    "epoch",
    "USER",
    "GET",
    "default",
    "paths",
    "only",
    "price",
}
"""What is written the same in all languages: names of programs, formats, settings, commands."""
WORD = re.compile(r"[A-Za-z]{3,}")
CODE = re.compile(r"<(style|script|code)\b.*?</\1>", re.DOTALL)
MARKED = re.compile(r'<(h2|h3|p|table|pre) lang="en"[^>]*>.*?</\1>', re.DOTALL)
"""What a page says is English: what the OpenAPI document says, in the reference."""
SPOKEN = re.compile(r'(?:placeholder|aria-label|alt)="([^"]*)"')


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The example with rules, reports, tokens, and an experiment that was ended."""
    engine = whyrec.create(tmp_path_factory.mktemp("chinese") / "shop", example=True)
    engine.load()
    engine.publish_rules({"max_price": 90.0, "in_stock": True, "avoid": ["contains:RETINOL"]}, "ann")
    engine.decisions.review(engine.report_item("p0013", "unclear", "ann").number, "approve", "ben")
    engine.decisions.stop("summer", "guardrail")
    for role in Role:
        Tokens(engine.workspace.folder).make(f"shop {role.value}", role)
    return engine


@pytest.fixture(scope="module")
def known(shop: Engine) -> set[str]:
    """Words of the data: ids, labels, names of the schema, of files and of columns."""
    snapshot, schema = shop.snapshot, shop.snapshot.schema
    found = {
        *schema.entity,
        *schema.relation,
        *schema.domains,
        "shop",
        "item",
        "days",
        "foo",
        "bar",
        "xyzzy",
        "admin",
        "ann",
        "ben",
        "summer",
        "guardrail",
        *Role,
    }
    for kind in schema.entity:
        for idx, one in enumerate(snapshot.vocabulary.ids(kind)):
            found |= {one, snapshot.label(kind, idx, "zh"), snapshot.label(kind, idx, "en")}
    for row in _rejected(shop):
        found |= {row["file"], row["field"], row["value"]}
    return {word for one in found for word in WORD.findall(one)} | NAMES


def _rejected(shop: Engine) -> Iterator[dict[str, str]]:
    for path in shop.workspace.rejects.glob("*/rejects.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def english(text: str, known: set[str]) -> list[str]:
    """English words of a text that are no data and no code."""
    bare = re.sub(r"`[^`]*`|“[^”]*”|「[^」]*」|'[^']*'|\"[^\"]*\"|\([^()]*\d[^()]*\)", " ", text)
    return [word for word in WORD.findall(bare) if word not in known]


def test_no_page_has_english_words_in_chinese(shop: Engine, known: set[str]) -> None:
    folder, wrong = shop.workspace.folder, {}
    headers = {"Cookie": f"whyrec={Tokens(folder)._admin}", "Accept": "text/html"}
    with TestClient(create_app([folder]), raise_server_exceptions=False) as client:
        for page in (*PAGES, *WRONG):
            if page.startswith(SLOW):
                continue
            answer = client.get(f"{page}{'&' if '?' in page else '?'}lang=zh", headers=headers)
            assert answer.status_code < 500 and answer.headers["content-type"].startswith("text/html"), page
            text = MARKED.sub("", CODE.sub("", answer.text))
            texts = [*re.sub(r"<[^>]+>", "\n", text).split("\n"), *SPOKEN.findall(text)]
            if "question=which" in page:  # an answer is in the language of its question
                continue
            if found := [word for one in texts for word in english(html.unescape(one), known)]:
                wrong[page] = sorted(set(found))
    assert wrong == {}, wrong


def test_reasons_and_hints_of_rejects_are_told_in_chinese(shop: Engine, known: set[str]) -> None:
    told = {row[part] for row in _rejected(shop) for part in ("reason", "hint")}
    assert len(told) > 10
    assert {one: found for one in told if (found := english(translated(one, "zh"), known))} == {}
    assert all(translated(one, "en") == one for one in told)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_errors_of_the_program_are_told_in_chinese(
    shop: Engine, known: set[str], words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    command = typer.main.get_command(app)
    code = command.main(["-w", str(shop.workspace.folder), *words, "--lang", "zh"], standalone_mode=False)
    err = capfd.readouterr().err
    found = english(
        re.sub(r"--[a-z-]+|/[^\s：]+|age1\S*|floors|\"[^\"]+\"", "", err), known | {"SEAL", "FEDERATE", "KEY", "age"}
    )
    assert code and err and SECRET not in err and found == []


def test_who_forgets_in_chinese_is_told_in_chinese(shop: Engine, known: set[str]) -> None:
    words = ["-w", str(shop.workspace.folder), "forget", "u0399", "--lang", "zh"]
    files = {"users", "csv", "purchases", "zst", "enrolments", "parquet", "follows", "tsv"}
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0 and "已遗忘" in told.output
    assert english(told.output.replace("note:", ""), known | files) == []


def test_problem_documents_are_told_in_the_language_that_was_asked_for(shop: Engine, known: set[str]) -> None:
    folder: Path = shop.workspace.folder
    headers = {"Authorization": f"Bearer {Tokens(folder)._admin}"}
    with TestClient(create_app([folder])) as client:
        asked = {"user": "nobody", "lang": "zh"}
        told = client.get("/api/v1/recommend", params=asked, headers=headers)
        assert told.status_code == 404 and english(told.json()["detail"], known) == []
        told = client.get("/api/v1/recommend", params={"user": "nobody"}, headers=headers)
        assert told.json()["detail"].startswith("unknown User 'nobody'")


def test_what_nobody_translated_stays_as_it_is() -> None:
    assert translated("something new; bad JSON", "zh") == "something new；JSON 有误"
    assert translated("", "zh") == "" and translated("bad JSON", "fr") == "bad JSON"
