"""The console in a real browser: every page, both languages, a desk and a telephone, no serious finding of axe."""

import json
from collections.abc import Iterator
from importlib.resources import files
from threading import Thread
from typing import Any

import pytest
import uvicorn

import whyrec
from tests.chromium import Tab
from whyrec.service.access import Role, Tokens
from whyrec.service.app import create_app

PAGES = (
    "/login",
    "/",
    "/find?text=lipstick",
    "/ask?question=which+toner+has+niacinamide",
    "/person?user=u0002",
    "/why?user=u0002&item=c009",
    "/why-not?user=u0002&item=Peony",
    "/what-if?user=u0002&remove=has_skin_type:dry",
    "/shown?user=u0002",
    "/person?also=has_concern:acne",
    "/compare?anchor=has_concern:acne&first=p0001&second=p0042",
    "/item-report?item=p0013",
    "/item?item=Product:p0013",
    "/brand?entity=Third+Bloom",
    "/gaps",
    "/trade-offs",
    "/rules?max_price=20&avoid=contains:RETINOL",
    "/review?item=Product:p0013",
    "/traffic",
    "/experiments",
    "/data",
    "/system",
    "/docs",
    "/nothing",
)
SERIOUS = ("serious", "critical")
FOUND = """axe.run(document, {resultTypes: ["violations"]}).then(found => JSON.stringify(found.violations.map(
  one => [one.impact, one.id, one.nodes.map(node => node.html.slice(0, 120)).slice(0, 3)])))"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URL of a console, and the admin's token; rules, reports and tokens are there."""
    folder = tmp_path_factory.mktemp("console") / "shop"
    engine = whyrec.create(folder, example=True)
    engine.load()
    engine.publish_rules({"max_price": 90.0}, "ann")
    engine.decisions.review(engine.report_item("p0013", "unclear", "ann").number, "approve", "ben")
    engine.report_item("p0015", "harmful", "ann")
    tokens = Tokens(folder)
    tokens.make("shop A", Role.SERVICE)
    server = uvicorn.Server(uvicorn.Config(create_app([folder]), port=0, log_level="critical"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", tokens._admin
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("zh", 390)])
def test_pages_have_no_serious_finding_and_fit(console: tuple[str, str], tab: Tab, lang: str, width: int) -> None:
    url, token = console
    axe = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    wrong: dict[str, Any] = {}
    for page in PAGES:
        tab("Network.clearBrowserCookies")
        if page != "/login":
            tab("Network.setCookie", name="whyrec", value=token, url=url)
        joined = f"{page}{'&' if '?' in page else '?'}lang={lang}"
        tab.open(url + joined, width=width, dark=width == 390)
        tab.evaluate(axe + ";0")
        findings = [one for one in json.loads(tab.evaluate(FOUND)) if one[0] in SERIOUS]
        beyond = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        lost = [
            event["params"]["entry"]["text"]
            for event in tab.events
            if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error"
        ]
        if findings or beyond > 0 or (lost and page != "/nothing"):
            wrong[joined] = findings, beyond, lost
    assert wrong == {}
    tab.evaluate("document.documentElement.removeAttribute('lang')")
    assert [one[1] for one in json.loads(tab.evaluate(FOUND)) if one[0] in SERIOUS] == ["html-has-lang"]
