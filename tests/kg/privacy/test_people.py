"""Ids of people in a load: pseudonyms in every file, and nobody who was forgotten."""

from pathlib import Path

import pytest

from kg.errors import UsageError
from kg.privacy.person_ids import People
from kg.privacy.pseudonym import Pseudonyms, pseudonyms_for_load, remember_pseudonyms
from kg.schema import Schema
from kg.workspace.suppression import Suppression
from tests.kg.files import bad_rows, graph, load_text, rejects

SCHEMA = Schema.model_validate(
    {
        "name": "shop",
        "entity": {
            "User": {"sensitive": True, "properties": {"label_zh": "str", "city": "str", "login": "str"}},
            "Product": {"domain": "shop", "properties": {"seller": "str", "note": "str"}},
        },
        "relation": {
            "purchased": {"head": "User", "tail": "Product", "interaction": True},
            "sold_by": {"head": "Product", "tail": "User"},
            "likes": {"head": "User", "tail": "User"},
        },
    }
)
MAPPING = """
[[source]]
file = "users.csv"
entity = "User"
id = "uid"
label = "name"
properties = { label_zh = "name_zh", city = "city", login = "uid" }
[[source]]
file = "products.csv"
entity = "Product"
id = "pid"
label = "seller"
properties = { seller = "seller", note = "note" }
[[source.link]]
relation = "sold_by"
tail = "seller"
split = "|"
[[source]]
file = "bought.csv"
relation = "purchased"
head = "uid"
tail = "pid"
weight = "stars"
[[source]]
file = "any.csv"
relation_column = "rel"
head = "from"
tail = "to"
"""
FILES = {
    "users.csv": "uid,name,name_zh,city\nann@x.org, Ann ,安,Rome\nbob@x.org,Bob,,Oslo\n,Eve,,\nbob@x.org,Bob\n",
    "products.csv": "pid,seller,note\np1,ann@x.org|bob@x.org,good\n",
    "bought.csv": (
        "uid,pid,stars\n ann@x.org ,p1,5\nbob@x.org,p1,bob@x.org\nbob@x.org,bob@x.org,1\n"
        'eve@x.org,p1,2\nann@x.org,"p1,3\nbob@x.org,p1,4\n'
    ),
    "any.csv": "from,rel,to\nann@x.org,likes,bob@x.org\nann@x.org,ann@x.org,p1\np1,sold_by,ann@x.org\n",
}
KEY = b"0123456789abcdef"


def everything(folder: Path) -> bytes:
    """The bytes of all files but the sources."""
    return b"\n".join(p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.parent.name != "in")


def test_pseudonyms_leave_no_raw_id_in_any_file(tmp_path: Path) -> None:
    pseudonyms = Pseudonyms(KEY)
    report = load_text(tmp_path, SCHEMA, MAPPING, FILES, people=People(SCHEMA, pseudonyms))
    ann, bob = (pseudonyms.of("User", one) for one in ("ann@x.org", "bob@x.org"))
    assert graph(tmp_path, SCHEMA) == {
        "User": sorted([(ann, None, None, "Rome"), (bob, None, None, "Oslo")]),
        "Product": [("p1", None, None, "good")],
        "purchased": sorted([(ann, "p1", 5.0), (bob, "p1", 4.0)]),
        "sold_by": sorted([("p1", ann, 1.0), ("p1", bob, 1.0)]),
        "likes": [(ann, bob, 1.0)],
    }
    assert all(f.rows == f.loaded + f.rejected + f.filtered for f in report.files)
    assert not any(one in everything(tmp_path) for one in (b"@x.org", b"Ann", "安".encode(), b"ann", b"bob"))
    assert not any("@x.org" in notice for notice in report.notices)
    assert bad_rows(tmp_path) == {}
    assert [(r["file"], r["line"], r["value"]) for r in rejects(tmp_path)] == [
        ("users.csv", "4", ""),
        ("users.csv", "5", "xxx@x.xxx,xxx"),
        ("bought.csv", "3", "xxx@x.xxx"),
        ("bought.csv", "4", "xxx@x.xxx"),
        ("bought.csv", "5", pseudonyms.of("User", "eve@x.org")),
        ("bought.csv", "6", 'xxx@x.xxx,"x#,#'),
        ("any.csv", "3", "xxx@x.xxx"),
    ]
    again = load_text(tmp_path, SCHEMA, MAPPING, FILES, people=People(SCHEMA, Pseudonyms(KEY)))
    assert all(c["created"] == c["updated"] == 0 for c in (*again.entities.values(), *again.triples.values()))


def test_who_was_forgotten_stays_away_in_whatever_column(tmp_path: Path) -> None:
    suppression = Suppression.open(tmp_path)
    suppression.add([("User", "bob@x.org")])
    assert b"bob" not in (tmp_path / "forgotten.json").read_bytes()
    people = People(SCHEMA, suppression=Suppression.open(tmp_path))
    report = load_text(tmp_path, SCHEMA, MAPPING, FILES, people=people)
    assert b"bob@x.org" not in everything(tmp_path)
    found = graph(tmp_path, SCHEMA)
    assert [row[0] for row in found["User"]] == ["ann@x.org"] and found["sold_by"] == [("p1", "ann@x.org", 1.0)]
    assert found["purchased"] == [("ann@x.org", "p1", 5.0)] and "likes" not in found
    assert found["Product"] == [("p1", None, None, "good")]
    assert [(f.place, f.rows, f.loaded, f.rejected, f.filtered) for f in report.files] == [
        ("users.csv", 4, 1, 1, 2),
        ("products.csv", 1, 1, 0, 0),
        ("bought.csv", 6, 1, 2, 3),
        ("any.csv", 3, 1, 1, 1),
    ]


@pytest.mark.parametrize("other", ["1.5", "8.0"], ids=["among others", "among whole numbers"])
def test_who_was_forgotten_stays_away_as_a_whole_number_with_a_fraction(tmp_path: Path, other: str) -> None:
    """Rows that are left out anyway have no say in whether 7.0 is 7."""
    suppression = Suppression.open(tmp_path)
    suppression.add([("User", "7")])
    mapping = '[[source]]\nfile = "bought.csv"\nrelation = "purchased"\nhead = "uid"\ntail = "pid"\n'
    mapping += "create_ends = true\nwhere = \"kept = 'y'\"\n"
    text = f"uid,pid,kept\n9.0,p1,y\n7.0,p1,y\n{other},p1,n\n"
    load_text(tmp_path, SCHEMA, mapping, {"bought.csv": text}, people=People(SCHEMA, suppression=suppression))
    assert [row[0] for row in graph(tmp_path, SCHEMA)["User"]] == ["9"]


def test_pseudonyms_depend_on_key_type_and_id() -> None:
    one = Pseudonyms(KEY)
    assert one.of("User", "a") == Pseudonyms(KEY).of("User", "a") != one.of("Seller", "a")
    assert one.of("User", "a") not in (one.of("User", "b"), Pseudonyms(KEY + b"x").of("User", "a"))
    assert len(one.of("User", "a").removeprefix("User-")) >= 20


def test_raw_ids_and_other_keys_are_never_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHYREC_PSEUDONYM_KEY", raising=False)
    with pytest.raises(UsageError, match="WHYREC_PSEUDONYM_KEY is not set"):
        pseudonyms_for_load(tmp_path, True, [])
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", "short")
    with pytest.raises(UsageError, match="5 bytes are too short"):
        pseudonyms_for_load(tmp_path, True, [])
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", KEY.decode())
    with pytest.raises(UsageError, match=r"holds raw ids already \(User\)"):
        pseudonyms_for_load(tmp_path, True, ["User"])
    pseudonyms = pseudonyms_for_load(tmp_path, True, [])
    assert pseudonyms is not None
    remember_pseudonyms(tmp_path, pseudonyms)
    assert KEY not in everything(tmp_path)
    with pytest.raises(UsageError, match="say `pseudonymise=True`"):
        pseudonyms_for_load(tmp_path, False, [])
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", "another key of the same")
    with pytest.raises(UsageError, match="another key"):
        pseudonyms_for_load(tmp_path, True, ["User"])
