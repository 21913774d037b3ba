"""``why --html`` in a real browser, and ``why --cypher`` on a real Neo4j: both show the paths of the account."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from neo4j import Driver, Query

from kg.errors import UsageError
from kg.k_anonymity import K_ANONYMITY, told_count
from tests.chromium import Tab
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
ACCOUNTS = (
    *(("u0002", "c009", "en"), ("u0002", "p0010", "zh"), ("u0003", "p0003", "en"), ("u0003", "c001", "zh")),
    *(("u0001", "c002", "en"), ("u0004", "p0012", "zh"), ("u0010", "p0010", "en"), ("u0100", "c010", "zh")),
    *(("u0001", "p0001", "en"), ("u0150", "p0042", "zh")),
)
MEASURE = """(() => {
  const shown = [...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().width > 0);
  const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
  const rgb = c => c.match(/[\\d.]+/g).slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  const light = c => { const [r, g, b] = rgb(c); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05); };
  const words = [...document.querySelectorAll('h1,h2,h3,p,li span')].filter(e => e.textContent);
  const drawn = shown.map(svg => ({
    kind: svg.classList[0],
    frame: box(svg),
    nodes: [...svg.querySelectorAll('.node')].map(n => ({
      name: n.dataset.node, type: n.dataset.type, label: n.dataset.label, id: n.dataset.id ?? null,
      frame: n.querySelector('rect') ? box(n.querySelector('rect')) : null,
      texts: [...n.querySelectorAll('text')].map(t => ({ box: box(t), text: t.textContent,
        size: parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a,
        contrast: contrast(getComputedStyle(t).fill, n.querySelector('rect') ? getComputedStyle(
          n.querySelector('rect')).fill : back(svg)) })) })),
    steps: [...svg.querySelectorAll('.step')].map(s => [s.dataset.head, s.dataset.tail]) }));
  return { drawn, overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    words: words.map(e => [parseFloat(getComputedStyle(e).fontSize), contrast(getComputedStyle(e).color, back(e))]),
    bar: document.querySelector('.bar').getBoundingClientRect().width,
    parts: [...document.querySelectorAll('.bar span')].map(e => e.getBoundingClientRect().width) };
})()"""


@pytest.fixture(scope="module")
def pages(whyrec: Whyrec, document: Document, example: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Ten accounts of the example, each as JSON and as a page."""
    folder = tmp_path_factory.mktemp("pages")
    found = []
    for number, (user, item, lang) in enumerate(ACCOUNTS):
        file = folder / f"{number}.html"
        account = document("-w", example, "why", user, item, "--lang", lang, "--html", file)
        found.append((file, account))
    assert len({path["text"] for _, account in found for path in _paths(account)}) > 100
    return found


@pytest.mark.parametrize(
    ("width", "kind", "dark"), [(1280, "graph", False), (1280, "graph", True), (400, "tree", True)]
)
def test_ten_pages_are_complete_and_readable_in_a_browser(
    tab: Tab, pages: list[Any], width: int, kind: str, dark: bool
) -> None:
    for file, account in pages:
        tab.open(file.as_uri(), width=width, dark=dark)
        seen = tab.evaluate(MEASURE)
        assert _requests(tab) == [file.as_uri()]
        assert [event for event in tab.events if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")] == []
        assert [event for event in tab.events if event["method"] == "Runtime.consoleAPICalled"] == []
        assert seen["overflow"] <= 0
        assert all(size >= 13 and contrast >= 4.5 for size, contrast in seen["words"])
        _check_bar(seen, account)
        for picture in seen["drawn"] if _paths(account) else ():
            assert picture["kind"] == kind
            _check_readable(picture)
            _check_every_path(picture, account)
        assert len(seen["drawn"]) == (1 if _paths(account) else 0)


def test_a_page_escapes_what_it_shows(tab: Tab, whyrec: Whyrec, tmp_path: Path) -> None:
    evil = "<script>console.log(1)</script><img src=x onerror=console.log(2)> \"'&</style>"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "Product.csv").write_text(
        "id,label\n" + f'p1,"{evil.replace(chr(34), chr(34) * 2)}"\np2,Plain\n'
    )
    (tmp_path / "data" / "Ingredient.csv").write_text("id\nAQUA\n")
    (tmp_path / "data" / "User.csv").write_text("id\nu1\n")
    (tmp_path / "data" / "purchased.csv").write_text("head,tail\nu1,p1\n")
    (tmp_path / "data" / "contains.csv").write_text("head,tail\np1,AQUA\np2,AQUA\n")
    workspace = tmp_path / "w"
    assert whyrec("init", workspace).exit_code == 0
    loaded = whyrec("-w", workspace, "load", *sorted((tmp_path / "data").iterdir()))
    assert loaded.exit_code == 0, loaded.output
    assert whyrec("-w", workspace, "why", "u1", "p2", "--html", tmp_path / "why.html").exit_code == 0
    tab.open((tmp_path / "why.html").as_uri(), width=1280)
    assert _requests(tab) == [(tmp_path / "why.html").as_uri()]
    assert [e for e in tab.events if e["method"] in ("Runtime.consoleAPICalled", "Log.entryAdded")] == []
    assert tab.evaluate("document.querySelectorAll('script, img').length") == 0
    labels = tab.evaluate("[...document.querySelectorAll('.graph .node')].map(n => n.dataset.label)")
    assert evil in labels


def test_a_page_that_cannot_be_written_is_a_wrong_argument(whyrec: Whyrec, example: Path, tmp_path: Path) -> None:
    result = whyrec("-w", example, "why", "u0002", "c009", "--html", tmp_path / "no" / "why.html")
    assert result.exit_code == UsageError.exit_code and "why.html: cannot be written" in result.stderr


def test_the_query_shows_the_same_paths_in_neo4j(
    whyrec: Whyrec, document: Document, empty_neo4j_url: str, neo4j_driver: Driver, tmp_path: Path
) -> None:
    assert whyrec("init", tmp_path / "w", "--example", "--store", empty_neo4j_url).exit_code == 0
    assert whyrec("-w", tmp_path / "w", "load").exit_code == 0
    for user, item, lang in ACCOUNTS:
        account = document("-w", tmp_path / "w", "why", user, item, "--lang", lang)
        asked = document("-w", tmp_path / "w", "why", user, item, "--lang", lang, "--cypher")
        assert not any(f"'{value}'" in asked["query"] or f'"{value}"' in asked["query"] for value in (user, item))
        assert user not in asked["query"] and item not in asked["query"]
        with neo4j_driver.session() as session:
            found = [record["p"] for record in session.run(Query(asked["query"]), asked["parameters"])]
        _check_found(found, account)


def test_the_browser_text_is_parameters_and_a_query(whyrec: Whyrec, document: Document, example: Path) -> None:
    text = whyrec("-w", example, "why", "u0002", "c009", "--cypher").stdout
    asked = document("-w", example, "why", "u0002", "c009", "--cypher")
    assert text.startswith(':params {user: "u0002", item: "c009", paths1: [[')
    assert asked["query"] in text


def _paths(account: Any) -> list[Any]:
    return [path for part in account["parts"] for path in part.get("paths", ())]


def _drawn(account: Any) -> list[Any]:
    return [part["paths"][0] for part in account["parts"] if part.get("paths")][:7]


def _requests(tab: Tab) -> list[str]:
    return [e["params"]["request"]["url"] for e in tab.events if e["method"] == "Network.requestWillBeSent"]


def _check_bar(seen: Any, account: Any) -> None:
    """The widths of the bar are the shares of the groups in favour, but for hairlines."""
    shares = [group["share"] for group in account["groups"] if group["share"] > 0]
    assert len(seen["parts"]) == len(shares)
    for width, share in zip(seen["parts"], shares, strict=True):
        assert width == pytest.approx(seen["bar"] * share / sum(shares), abs=2 + len(shares))


def _check_readable(picture: Any) -> None:
    left, top, right, bottom = picture["frame"]
    texts = []
    for node in picture["nodes"]:
        frame = node["frame"] or (left, top, right, bottom)
        assert any(text["text"] for text in node["texts"])
        for text in node["texts"]:
            assert text["size"] >= 11 and text["contrast"] >= 4.5, (text, node)
            a, b, c, d = text["box"]
            assert a >= frame[0] and c <= frame[2] + 0.5 and b >= frame[1] - 0.5 and d <= frame[3] + 0.5, (text, frame)
            texts.append(text["box"])
    for number, one in enumerate(texts):
        for other in texts[number + 1 :]:
            across = min(one[2], other[2]) - max(one[0], other[0])
            down = min(one[3], other[3]) - max(one[1], other[1])
            assert across <= 0 or down <= 4, (one, other)


def _check_every_path(picture: Any, account: Any) -> None:
    """The largest path of each of the seven largest parts is a chain of steps between its nodes, and no other is."""
    steps = {tuple(step) for step in picture["steps"]}
    for path in _drawn(account):
        reached = {""}
        for place, node in enumerate(path["nodes"]):
            fit = {n["name"] for n in picture["nodes"] if (n["type"], n["id"], n["label"]) == _key(node)}
            reached = fit if place == 0 else {name for name in fit if any((head, name) in steps for head in reached)}
            assert reached, (path["text"], node)


def _key(node: Any) -> tuple[str, str | None, str]:
    return node["type"], node["id"], node["label"]


def _check_found(found: list[Any], account: Any) -> None:
    """The paths of the store are those of the account, and as many people stand on each as it counts."""
    seen: dict[tuple[Any, ...], set[str]] = {}
    for path in found:
        labels = [next(iter(node.labels)) for node in path.nodes]
        ids = [node["id"] for node in path.nodes]
        inside = [
            None if label == "User" and n > 0 else i for n, (label, i) in enumerate(zip(labels, ids, strict=True))
        ]
        steps = [
            f"{'' if relation.start_node == head else '~'}{relation.type}"
            for (head, _), relation in zip(pairwise(path.nodes), path.relationships, strict=True)
        ]
        people = {i for n, (label, i) in enumerate(zip(labels, ids, strict=True)) if label == "User" and n > 0}
        seen.setdefault((tuple(inside), tuple(steps)), set()).update(people)
    told = {(tuple(n["id"] for n in path["nodes"]), tuple(path["relations"])): path for path in _paths(account)}
    if told:
        assert seen.keys() == told.keys()
    for key, path in told.items():
        assert (told_count(len(seen[key]), K_ANONYMITY) or 0) == path.get("people", 0), path["text"]
