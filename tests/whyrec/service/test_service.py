"""The service: the documents of the engine over HTTP, each role what it may, events in the next answer, pages."""

import json
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from starlette.testclient import TestClient

import whyrec
from kg.privacy.sealing import set_key
from kg.workspace.workspace import Workspace
from tests.whyrec.service.real_server import serving
from whyrec.service.access import Tokens
from whyrec.service.app import create_app

PEOPLE = ("u0001", "u0002", "u0042")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("service") / "shop"
    whyrec.create(place, example=True).load()
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app([folder]), raise_server_exceptions=False) as one:
        yield one


@pytest.fixture(scope="module")
def admin(folder: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {Tokens(folder)._admin}"}


def get(client: TestClient, admin: dict[str, str], path: str, **parameters: Any) -> Any:
    return client.get(f"/api/v1/{path}", params=parameters, headers=admin)


def test_documents_are_those_of_the_engine(client: TestClient, admin: dict[str, str], folder: Path) -> None:
    engine = whyrec.open(folder)
    asked = {
        "recommend": (engine.recommend("u0002", n=3, domain="courses"), {"user": "u0002", "n": 3, "domain": "courses"}),
        "why": (engine.why("u0002", "c009"), {"user": "u0002", "item": "c009"}),
        "similar": (engine.similar("p0001", 2), {"item": "p0001", "n": 2}),
        "find": (engine.find("lipstick", n=3), {"text": "lipstick", "n": 3}),
        "ask": (engine.ask("哪些面霜含烟酰胺？"), {"question": "哪些面霜含烟酰胺？"}),
        "what-if": (
            engine.what_if(anchors=["purchased:p0010"], add=["has_concern:acne"]),
            {"anchor": "purchased:p0010", "add": "has_concern:acne"},
        ),
        "why-not": (engine.why_not("u0002", "p0042"), {"user": "u0002", "item": "p0042"}),
        "compare": (
            engine.compare(None, "p0001", "p0042", anchors=["has_concern:acne"], max_price=20),
            {"first": "p0001", "second": "p0042", "anchor": "has_concern:acne", "max_price": 20},
        ),
    }
    for path, (document, parameters) in asked.items():
        answer = get(client, admin, path, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.json() == json.loads(document.model_dump_json()), path


def test_an_answer_without_reasons_has_the_same_items_and_scores(client: TestClient, admin: dict[str, str]) -> None:
    told = get(client, admin, "recommend", user="u0002").json()["items"]
    plain = get(client, admin, "recommend", user="u0002", reasons="none").json()["items"]
    assert [{**one, "reason": ""} for one in told] == plain


def test_what_somebody_did_a_moment_ago_is_in_the_next_answer(client: TestClient, admin: dict[str, str]) -> None:
    first = get(client, admin, "recommend", user="u0003", n=1, domain="courses").json()["items"][0]
    sent = {"events": [{"id": "s1", "user": "u0003", "relation": "enrolled_in", "item": first["id"]}]}
    asked = {"user": "u0003", "n": 10, "domain": "courses"}
    kept = [get(client, admin, "recommend", **asked) for _ in range(2)]
    assert kept[0].content == kept[1].content and kept[0].headers["etag"] == kept[1].headers["etag"]
    assert kept[0].headers["x-answer-id"] != kept[1].headers["x-answer-id"]
    post = client.post("/api/v1/events", json=sent, headers=admin)
    assert (post.status_code, post.json()) == (202, {"accepted": 1, "repeated": 0, "rejected": []})
    assert client.post("/api/v1/events", json=sent, headers=admin).json()["repeated"] == 1
    after = get(client, admin, "recommend", **asked).json()
    assert first["id"] not in [one["id"] for one in after["items"]]
    hidden = after["items"][0]["id"]
    client.post(
        "/api/v1/events",
        json={"events": [{"id": "s2", "user": "u0003", "relation": "hide", "item": hidden}]},
        headers=admin,
    )
    again = get(client, admin, "recommend", **asked).json()
    assert hidden not in [one["id"] for one in again["items"]]
    taken_back = {"id": "s3", "user": "u0003", "relation": "show", "item": hidden}
    client.post("/api/v1/events", json={"events": [taken_back]}, headers=admin)
    assert get(client, admin, "recommend", **asked).json()["items"] == after["items"]


def test_a_new_person_is_known_by_what_she_does(client: TestClient, admin: dict[str, str]) -> None:
    assert get(client, admin, "recommend", user="dora@example.com").status_code == 404
    sent = {"events": [{"id": "d1", "user": "dora@example.com", "relation": "purchased", "item": "p0013"}]}
    assert client.post("/api/v1/events", json=sent, headers=admin).json()["accepted"] == 1
    found = get(client, admin, "recommend", user="dora@example.com", domain="courses", n=2).json()
    assert found["user"]["id"] == "dora@example.com" and found["personal"]
    assert get(client, admin, "users/dora@example.com").json()["events"][0]["item"] == "p0013"
    assert client.delete("/api/v1/users/dora@example.com", headers=admin).json()["events"] >= 1
    assert get(client, admin, "recommend", user="dora@example.com").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "x", "user": "u1", "relation": "bought", "item": "p0001"}, "relation"),
        ({"id": "x", "user": "u1", "relation": "purchased", "item": "nothing"}, "item"),
    ],
)
def test_a_bad_event_is_refused_by_its_field_and_the_good_ones_go_on(
    client: TestClient, admin: dict[str, str], body: dict[str, str], field: str
) -> None:
    good = {"id": f"good-{field}", "user": "u0004", "relation": "view", "item": "p0001"}
    answer = client.post("/api/v1/events", json={"events": [body, good]}, headers=admin).json()
    assert answer["accepted"] == 1
    assert [(one["index"], one["field"]) for one in answer["rejected"]] == [(0, field)]


@pytest.mark.parametrize(
    ("path", "parameters", "status", "field"),
    [
        ("recommend", {"user": "u0001", "n": 0}, 422, "n"),
        ("recommend", {"user": "u0001", "n": "many"}, 422, "n"),
        ("recommend", {"user": "u0001", "domain": "tools"}, 422, None),
        ("recommend", {}, 422, None),
        ("why", {"user": "u0001"}, 422, "item"),
        ("why", {"user": "u0001", "item": "zz"}, 404, None),
        ("nothing", {}, 404, None),
    ],
)
def test_errors_are_problem_details_that_name_the_field_and_no_person(
    client: TestClient, admin: dict[str, str], path: str, parameters: dict[str, Any], status: int, field: str | None
) -> None:
    answer = get(client, admin, path, **parameters)
    told = answer.json()
    assert (answer.status_code, told["status"], answer.headers["content-type"]) == (
        status,
        status,
        "application/problem+json",
    )
    if field is not None:
        assert told["errors"][0]["field"] == field
    assert not any(person in told["detail"] for person in PEOPLE if person not in str(parameters))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("recommend?user=u0001&user=u0002", "`user`: given more than once"),
        ("item?item=p0001&item=p0002", "`item`: given more than once"),
        ("gaps?domian=cosmetics", "`domian`: unknown parameter; nearest: 'domain'"),
        ("attribution?days=7&scenario=home", "`scenario`: unknown parameter"),
    ],
)
def test_of_two_values_none_is_guessed_and_no_parameter_is_ignored(
    client: TestClient, admin: dict[str, str], path: str, said: str
) -> None:
    """Of two people the last was answered for, and a misspelt domain was the whole shop."""
    answer = client.get(f"/api/v1/{path}", headers=admin)
    assert answer.status_code == 422 and said in answer.json()["detail"]
    both = client.get("/api/v1/recommend?user=u0001&avoid=contains:PARFUM&avoid=contains:AQUA&n=2", headers=admin)
    assert both.status_code == 200


def test_a_use_is_the_relation_of_the_type_of_its_item(client: TestClient, admin: dict[str, str]) -> None:
    uses = [("purchase", "p0001", None), ("enrol", "c001", None), ("rate", "c002", 4.0), ("rate", "c003", None)]
    sent = [
        {"id": f"use-{n}", "user": "u0077", "relation": use, "item": item, "weight": weight}
        for n, (use, item, weight) in enumerate(uses)
    ]
    answer = client.post("/api/v1/events", json={"events": sent}, headers=admin).json()
    assert [(one["index"], one["field"]) for one in answer["rejected"]] == [(3, "weight")]
    events = get(client, admin, "users/u0077").json()["events"]
    told = [("purchased", "p0001"), ("enrolled_in", "c001"), ("enrolled_in", "c002")]
    assert [(one["relation"], one["item"]) for one in events] == told


def test_an_answer_can_be_shown_again_to_the_bit(client: TestClient, admin: dict[str, str]) -> None:
    given = get(client, admin, "why", user="u0002", item="c009")
    tag = given.headers["etag"]
    assert (
        client.get(
            "/api/v1/why", params={"user": "u0002", "item": "c009"}, headers={**admin, "If-None-Match": tag}
        ).status_code
        == 304
    )
    shop = client.app.state.shops[0]
    shop.flush()
    assert get(client, admin, f"answers/{given.headers['x-answer-id']}").json() == given.json()


def test_where_the_workspace_has_a_key_an_answer_is_shown_again_by_who_has_it(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, key = tmp_path / "sealed", pyrage.x25519.Identity.generate()
    shutil.copytree(demo, place)
    set_key(Workspace(place), str(key.to_public()))
    headers = {"Authorization": f"Bearer {Tokens(place)._admin}"}
    with TestClient(create_app([place])) as client:
        given = client.get("/api/v1/recommend?user=u0002&n=2", headers=headers)
        client.app.state.shops[0].flush()  # type: ignore[attr-defined]
        again = f"/api/v1/answers/{given.headers['x-answer-id']}"
        monkeypatch.delenv("WHYREC_SEAL_KEY", raising=False)
        refused = client.get(again, headers=headers)
        assert refused.status_code == 503 and "set WHYREC_SEAL_KEY" in refused.json()["detail"]
        monkeypatch.setenv("WHYREC_SEAL_KEY", str(key))
        assert client.get(again, headers=headers).json() == given.json()


def test_a_key_of_one_shop_opens_no_other(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "serve.token").unlink(missing_ok=True)
    with TestClient(create_app([folder, other])) as client:
        for place in (folder, other):
            headers = {"Authorization": f"Bearer {Tokens(place)._admin}"}
            assert client.get("/api/v1/status", headers=headers).json()["workspace"] == place.name


def test_events_are_taken_over_by_a_load_once_and_the_person_can_be_forgotten(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "shop"
    shutil.copytree(folder, place)
    shutil.rmtree(place / "service", ignore_errors=True)
    headers = {"Authorization": f"Bearer {Tokens(place)._admin}"}
    sent = [
        {
            "id": "1",
            "user": "erin@example.com",
            "relation": "purchased",
            "item": "p0013",
            "timestamp": 1_764_000_000_000,
        },
        {"id": "2", "user": "u0002", "relation": "enrolled_in", "item": "c005"},
        {"id": "3", "user": "u0002", "relation": "click", "item": "p0013"},
    ]
    with TestClient(create_app([place])) as client:
        assert client.post("/api/v1/events", json={"events": sent}, headers=headers).json()["accepted"] == 3
        before = client.get("/api/v1/recommend?user=erin@example.com&domain=courses", headers=headers).json()["items"]
        client.get("/api/v1/why?user=erin@example.com&item=c005", headers=headers)
    engine = whyrec.open(place)
    told = engine.export_person("erin@example.com")  # whom the log alone knows
    assert [(one.relation, one.item) for one in told.events] == [("purchased", "p0013")]
    assert [one.document["items"][0]["id"] for one in told.answers if one.kind == "recommend"] == [before[0]["id"]]
    assert {one.kind for one in told.answers} == {"recommend", "why"} and not told.held.triples
    report = engine.load_events()
    assert report is not None
    assert {name: counts["created"] for name, counts in report.triples.items()} == {"purchased": 1, "enrolled_in": 1}
    assert engine.load_events() is None
    after = engine.recommend("erin@example.com", domain="courses").items
    assert before[0]["id"] in [one.id for one in after[:3]]  # the same taste; kernels moved a little
    assert not engine.forget("erin@example.com").found
    assert not any(b"erin@" in path.read_bytes() for path in (place / "service").iterdir())
    with TestClient(create_app([place])) as client:
        assert client.get("/api/v1/recommend?user=erin@example.com", headers=headers).status_code == 404


def test_models_are_named_by_what_difference_takes(client: TestClient, admin: dict[str, str], folder: Path) -> None:
    found = get(client, admin, "models").json()
    snapshot = whyrec.open(folder).recommender.model.info.snapshot
    assert [one["present"] for one in found][:2] in ([True], [True, False]) and found[0]["snapshot"] == snapshot
    for since in (snapshot[:12], found[0]["since"]):
        items = get(client, admin, "difference", user="u0002", since=since).json()["items"]
        assert items and all(one["rank_before"] == one["rank_after"] for one in items)


def test_metrics_count_and_name_nobody(client: TestClient, admin: dict[str, str]) -> None:
    get(client, admin, "recommend", user="u0001")
    text = client.get("/metrics", headers=admin).text
    assert 'whyrec_requests_total{route="/api/v1/recommend",status="200",workspace="shop"}' in text
    assert not any(person in text for person in PEOPLE)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "path",
    [
        "/?",
        "/find?text=lipstick",
        "/?days=60",
        "/person?user=u0002",
        "/person?",
        "/why?user=u0002&item=c009",
        "/why-not?user=u0002&item=Peony",
        "/what-if?user=u0002&remove=has_skin_type:dry",
        "/item?item=Product:p0013",
        "/ask?question=which+toner+has+niacinamide",
    ],
)
def test_pages_are_whole_in_both_languages_and_fetch_nothing_from_elsewhere(
    client: TestClient, admin: dict[str, str], path: str, lang: str
) -> None:
    client.cookies.set("whyrec", admin["Authorization"].removeprefix("Bearer "))
    answer = client.get(f"{path}&lang={lang}", headers={"Accept": "text/html"})
    client.cookies.clear()
    assert answer.status_code == 200, answer.text
    assert f'<html lang="{lang}">' in answer.text and "<script" not in answer.text
    assert "http://" not in answer.text.replace("http://www.w3.org", "").replace("http://testserver", "")
    assert "script-src 'none'" in answer.headers["content-security-policy"]


def test_the_page_of_a_score_names_the_rule_and_draws_few_paths(client: TestClient, admin: dict[str, str]) -> None:
    used = get(client, admin, "users/u0002").json()["graph"]["enrolled_in"][0]
    client.cookies.set("whyrec", admin["Authorization"].removeprefix("Bearer "))
    told = {"en": "not recommended: already used", "zh": "未推荐：已经用过"}
    for lang, sentence in told.items():
        page = client.get(f"/why?user=u0002&item={used}&lang={lang}").text
        assert sentence in page and "interacted" not in page
    tree = client.get("/why?user=u0002&item=c009&lang=en").text.rpartition("<svg")[2].partition("</svg>")[0]
    assert 0 < len(re.findall(r">[^<]*\(\+0\.\d+\)</text>", tree)) <= 7
    client.cookies.clear()


def test_who_knows_neither_ids_nor_relations_asks_why_and_what_would_change_it(
    client: TestClient, admin: dict[str, str]
) -> None:
    client.cookies.set("whyrec", admin["Authorization"].removeprefix("Bearer "))

    def shown(path: str, pattern: str) -> tuple[str, str]:
        """A page, and where its first link of a kind leads."""
        page = client.get(path).text
        return page, re.findall(f'href="({re.escape(pattern)}[^"]*)"', page)[0].replace("&amp;", "&")

    _, person = shown("/", "/person")  # the first of five clicks
    _, visitor = shown(person, "/person?anchor=")
    page, why = shown(visitor, "/why?")
    assert "<h1>Person who reported having Dry skin</h1>" in page and "has_skin_type" not in re.sub("<[^>]+>", "", page)
    _, what_if = shown(why, "/what-if?")
    page = client.get(what_if).text
    assert "<h2>Before</h2>" in page and "<h2>After</h2>" in page and page.count("(off)") == 1
    assert "asked for help with Acne" in client.get("/person?also=痘痘").text
    assert client.get("/person?also=zzzzqq").status_code == 404
    client.cookies.clear()


def test_what_somebody_has_is_switched_off_and_on_by_clicks(client: TestClient, admin: dict[str, str]) -> None:
    client.cookies.set("whyrec", admin["Authorization"].removeprefix("Bearer "))

    def clicked(page: str, label: str) -> str:
        """The page behind the switch of something."""
        there = re.search(rf'<li><a href="([^"]*)">(?:<s>)?{label}', page)
        assert there is not None, page
        return client.get(there[1].replace("&amp;", "&")).text

    one = clicked(client.get("/person?user=u0002&domain=cosmetics").text, "reported having Dry skin")
    second = re.findall(r">((?:bought|enrolled in)[^<]+)</a>", one)[0]
    two = clicked(one, re.escape(second))
    assert one.count("(off)") == 1 and f"u0002 − reported having Dry skin − {second}" in two
    back = clicked(two, "reported having Dry skin")
    assert back.count("(off)") == 1 and f"<s>{second}</s>" in back
    assert "<h1>Person u0002</h1>" in clicked(back, re.escape(second))
    client.cookies.clear()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_page_says_where_on_the_machine_the_workspace_is(
    client: TestClient, admin: dict[str, str], folder: Path, lang: str
) -> None:
    client.cookies.set("whyrec", admin["Authorization"].removeprefix("Bearer "))
    pages = [client.get(f"/{name}", params={"lang": lang}).text for name in ("system", "data", "rules", "experiments")]
    client.cookies.clear()
    assert f"whyrec -w {folder.name} " in pages[0] and not any(str(folder.parent) in one for one in pages)


def test_a_typed_id_may_hold_spaces(client: TestClient, admin: dict[str, str]) -> None:
    client.cookies.set("whyrec", admin["Authorization"].removeprefix("Bearer "))
    page = client.get("/person", params={"also": "avoids:SALICYLIC ACID has_concern:acne"})
    again = re.findall(r'name="also" value="([^"]*)"', page.text)[0]  # what the form would send
    assert page.status_code == 200 and client.get("/person", params={"also": again}).status_code == 200
    client.cookies.clear()


def test_whoever_signs_in_types_at_once(client: TestClient) -> None:
    assert re.search(r'<input type="password" name="token" autofocus ', client.get("/login").text)


def test_pages_want_a_token_and_forms_their_own_origin(client: TestClient, admin: dict[str, str]) -> None:
    client.cookies.clear()
    away = client.get("/person?user=u0001", follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/login?then=%2Fperson%3Fuser%3Du0001")
    token = admin["Authorization"].removeprefix("Bearer ")
    foreign = client.post("/login", data={"token": token}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    wrong = client.post("/login", data={"token": "wrong"})
    assert "No such token." in wrong.text
    fine = client.post("/login", data={"token": token, "then": "//evil.example"}, follow_redirects=False)
    assert fine.headers["location"] == "/"
    assert "httponly" in fine.headers["set-cookie"].lower() and "samesite=strict" in fine.headers["set-cookie"].lower()
    client.cookies.clear()


def test_texts_have_the_same_keys_in_all_languages() -> None:
    from whyrec.service.console.rendering import texts

    assert texts("en").keys() == texts("zh").keys()


def test_the_program_serves_with_two_workers_and_ends_when_told(folder: Path) -> None:
    with serving(folder, workers=2) as served:
        assert f"http://127.0.0.1:{served.port}/" in served.told[0] and "serve.token" in served.told[2]
        with served.client(folder) as client:
            assert client.get("/api/v1/health/ready").json() == {"status": "ready"}
            assert client.get("/api/v1/recommend?user=u0001&n=1").json()["items"][0]["rank"] == 1
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=60) in (0, -signal.SIGTERM)


def test_the_form_of_rules_keeps_what_was_typed_and_what_it_did_not_set(
    client: TestClient, admin: dict[str, str]
) -> None:
    told = {"language": ["en"], "avoid": ["contains:PARFUM"], "in_stock": True}
    assert client.post("/api/v1/rules", json=told, headers=admin).status_code == 201
    headers = admin | {"Origin": "http://testserver", "Accept": "text/html"}
    try:
        form = client.get("/rules", headers=headers).text
        for part in ('name="language" rows="1" maxlength="1000">en<', ">contains:PARFUM<", 'value="1" checked'):
            assert part in form
        typed = {"language": "en", "avoid": "contains:PARFUM", "in_stock": "1"}
        for wrong, said in (
            ({"max_price": "eighty"}, "expected a number"),
            ({"only": "contains:MOONDUST"}, "MOONDUST"),
        ):
            answer = client.post("/rules", data=typed | wrong, headers=headers)
            assert answer.status_code == 422 and said in re.findall('role="alert">([^<]*)', answer.text)[0]
            assert all(value in answer.text for value in (*typed.values(), *wrong.values()))
        client.post("/rules", data=typed, headers=headers)
        published = client.get("/api/v1/rules", headers=admin).json()["published"]
        assert published[-1]["content"] == published[-2]["content"] == told
    finally:
        client.post("/api/v1/rules/roll-back", json={"number": 0}, headers=admin)


def test_a_price_of_nothing_is_a_limit(client: TestClient, admin: dict[str, str]) -> None:
    asked = {"user": "u0001", "domain": "cosmetics", "max_price": 0}
    assert client.get("/api/v1/recommend", params=asked, headers=admin).json()["items"] == []
    assert client.get("/api/v1/recommend", params={**asked, "max_price": 1_000}, headers=admin).json()["items"]


def test_the_reference_has_every_operation_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page, document = client.get("/docs"), client.get("/openapi.json").json()
    assert page.status_code == 200 and "//" not in page.text.replace("http://testserver/", "")
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in page.text
            assert all(f"<code>{one['name']}</code>" in page.text for one in told.get("parameters", ()))
    assert "recommend?user=u0001&amp;scenario=home" in page.text and "REST 接口" in client.get("/docs?lang=zh").text
