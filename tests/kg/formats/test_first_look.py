"""``init --from``: each preset on a file of its shape, and files of unknown make."""

import json
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kg.errors import MappingError
from kg.formats.first_look import first_look
from kg.formats.knowledge import knowledge_sources
from kg.formats.preset import merged_schema, presets
from kg.mapping.mapping import read_mapping
from kg.schema import parse_schema
from tests.kg.files import graph, load_sources

CASES = Path(__file__).parents[2] / "cases"


def lines(*documents: Any) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


FEED = (
    '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title><item><g:id>S1</g:id>'
    "<title>Serum &amp; Co</title><g:price>24.00 USD</g:price><g:availability>in_stock</g:availability>"
    "<g:brand>Nordlys</g:brand><g:product_type>Care &gt; Face</g:product_type></item></channel></rss>"
)
GA4 = [
    {
        "event_name": name,
        "event_timestamp": 1704796153123456,
        "user_pseudo_id": "1.2",
        "items": [{"item_id": item, "item_name": "Serum", "price": 9.5, "item_brand": "N", "item_category": "Care"}],
    }
    for name, item in (("purchase", "S1"), ("view_item", "S2"), ("scroll", "S3"))
]
SEGMENT = [
    {
        "type": "track",
        "event": "Order Completed",
        "userId": "u1",
        "timestamp": "2024-01-09T10:00:00.000Z",
        "properties": {"products": [{"product_id": "p1", "name": "Serum", "price": 9}, {"product_id": "p2"}]},
    },
    {
        "type": "track",
        "event": "Product Viewed",
        "userId": "u1",
        "timestamp": "2024-01-09T10:00:00.000Z",
        "properties": {"product_id": "p3"},
    },
]
SHOPIFY = (CASES / "B127" / "products_export.csv").read_text()
EXPORTS: dict[str, tuple[dict[str, str], dict[str, list[tuple[Any, ...]]]]] = {
    "shopify_products": (
        {"products_export.csv": SHOPIFY},
        {"Brand": [("Nordlys",), ("Solfar",)], "tagged": [("calm-serum", "dry skin"), ("calm-serum", "vegan")]},
    ),
    "shopify_orders": (
        {
            "orders_export.csv": "Name,Email,Lineitem sku,Lineitem quantity,Created at\n"
            "#1,a@x.invalid,CS-50,2,2024-01-09 10:00:00 +0100\n#1,a@x.invalid,DV-1,1,2024-01-09 10:00:00 +0100\n",
            "products_export.csv": SHOPIFY,
        },
        {"purchased": [("a@x.invalid", "calm-serum", 2.0), ("a@x.invalid", "day-veil", 1.0)]},
    ),
    "woocommerce_orders": (
        {
            "orders.csv": "Order Number,Order Status,Order Date,Email (Billing),SKU,Item Name,Quantity (- Refund)\n"
            "1,Completed,2024-01-09 10:00,a@x.invalid,BL-1,Balm,2\n"
            "1,Completed,2024-01-09 10:00,a@x.invalid,BL-2,Oil,0\n"
            "2,Refunded,2024-01-09 11:00,b@x.invalid,BL-1,Balm,1\n"
            "3,Cancelled,2024-01-09 12:00,c@x.invalid,BL-1,Balm,1\n"
            "4,wc-failed,2024-01-09 12:00,c@x.invalid,BL-2,Oil,1\n"
        },
        {"purchased": [("a@x.invalid", "BL-1", 2.0, 1704794400000)], "Product": [("BL-1", "Balm"), ("BL-2", "Oil")]},
    ),
    "woocommerce_orders_of_products": (
        {
            "orders.csv": "Order Number,Order Status,Order Date,Email (Billing),SKU,Item Name,Quantity (- Refund)\n"
            "1,Completed,2024-01-09 10:00,a@x.invalid,MK-S,Mask - S,1\n"
            "1,Completed,2024-01-09 10:00,a@x.invalid,SO,Soap,1\n"
            "2,Completed,2024-01-09 10:00,a@x.invalid,MK-L,Mask - L,1\n"
            "2,Completed,2024-01-09 10:00,a@x.invalid,B-S,Balm,1\n"
            "3,Refunded,2024-01-09 10:00,b@x.invalid,MK-L,Mask - L,1\n",
            "wc.csv": "ID,Type,SKU,Name,Regular price,Categories,Parent\n1,variable,MK,Mask,,Masks,\n"
            "2,variation,MK-S,Mask - S,9,,MK\n3,variation,MK-L,Mask - L,12,,MK\n4,simple,SO,Soap,4,Soaps,\n"
            "5,variation,B-S,Balm - S,4,,id:9\n",
        },
        {
            "Product": [("B-S", "Balm"), ("MK", "Mask"), ("SO", "Soap")],
            "purchased": [("a@x.invalid", "B-S", 1.0), ("a@x.invalid", "MK", 2.0), ("a@x.invalid", "SO", 1.0)],
        },
    ),
    "woocommerce_products": (
        {"wc.csv": (CASES / "B128" / "wc-product-export.csv").read_text()},
        {"in_category": [("BL-1", "Body Care > Balms"), ("BL-1", "Gifts")]},
    ),
    "google_merchant": (
        {"feed.tsv": (CASES / "B129" / "feed.tsv").read_text()},
        {"Product": [("SKU1", "Calm Serum", 24.0, True), ("SKU2", "Day Veil", 1119.5, False)]},
    ),
    "google_merchant_xml": (
        {"feed.xml": FEED},
        {"Product": [("S1", "Serum & Co", 24.0, True)], "subcategory_of": [("Care > Face", "Care")]},
    ),
    "ga4_bigquery": (
        {"events.jsonl": lines(*GA4)},
        {"purchased": [("1.2", "S1", 1.0, 1704796153123)], "viewed": [("1.2", "S2")], "made_by": [("S1", "N")]},
    ),
    "segment": (
        {"track.json": json.dumps(SEGMENT)},
        {"purchased": [("u1", "p1"), ("u1", "p2")], "viewed": [("u1", "p3")]},
    ),
    "openedx_tracking": (
        {"tracking.log.jsonl": (CASES / "B131" / "tracking.jsonl").read_text()},
        {"enrolled_in": [("ann", "course-v1:Nord+SKIN101+2024"), ("bea", "course-v1:Nord+OIL1+2024")]},
    ),
    "moodle_courses": (
        {"course.csv": "id,category,fullname,shortname,summary,format\n1,0,S,s,,site\n2,1,Skin,k,<p>A</p>,topics\n"},
        {"Course": [("2", "Skin", "A")]},
    ),
    "movielens_tags": (
        {"tags.csv": "userId,movieId,tag,timestamp\n1,7,funny,1139045764\n2,7,dark,1139045764\n"},
        {"tagged": [("7", "dark"), ("7", "funny")]},
    ),
    "movielens_links": (
        {"links.csv": "movieId,imdbId,tmdbId\n1,0114709,862\n"},
        {"Movie": [("1", None, "0114709", "862")]},
    ),
    "movielens_users_dat": (
        {"users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n"},
        {
            "of_gender": [("1", "F"), ("2", "M")],
            "of_age": [("1", "1"), ("2", "56")],
            "works_as": [("1", "10"), ("2", "16")],
        },
    ),
    "moodle_completions": (
        {
            "completions.csv": "id,userid,course,timeenrolled,timestarted,timecompleted,reaggregate\n"
            "1,7,3,1704796153,0,1704896153,0\n2,8,3,1704796153,0,,0\n"
        },
        {"enrolled_in": [("7", "3"), ("8", "3")], "completed": [("7", "3", 1.0, 1704896153000)]},
    ),
    "coursera_catalogue": (
        {
            "coursera.csv": "course_title,course_organization,course_Certificate_type,course_rating,course_difficulty\n"
            '"Skin, care",Nord University,COURSE,4.7,Beginner\n'
        },
        {"Course": [("Skin, care", None, 4.7)], "offered_by": [("Skin, care", "Nord University")]},
    ),
    "coursera_courses": (
        {
            "Coursera.csv": "Course Name,University,Difficulty Level,Course Rating,Course Description,Skills\n"
            "Screenplay,Michigan State University,Beginner,4.8,Write it,Drama  Comedy  peering  drama-film\n"
            "Strategy,Nordlys,Not Calibrated,Not Calibrated,Plan it,Finance  business plan\n"
        },
        {
            "Course": [("Screenplay", None, 4.8, "Write it"), ("Strategy", None, None, "Plan it")],
            "teaches": [
                *(("Screenplay", skill) for skill in ("comedy", "drama", "drama-film", "peering")),
                *(("Strategy", skill) for skill in ("business plan", "finance")),
            ],
            "at_level": [("Screenplay", "Beginner")],
        },
    ),
    "udemy_catalogue": (
        {
            "udemy.csv": "course_id,course_title,url,is_paid,price,num_subscribers,level,subject\n"
            "1,Skin,x,True,20,5,All Levels,Beauty\n2,Hair,x,False,Free,5,Expert Level,Beauty\n"
        },
        {"Course": [("1", "Skin", 20.0), ("2", "Hair", 0.0)], "about": [("1", "Beauty"), ("2", "Beauty")]},
    ),
    "movielens_ratings": (
        {"ratings.csv": "userId,movieId,rating,timestamp\n1,10,4.5,978300760\n1,11,2,978300760\n"},
        {"rated": [("1", "10", 4.5, 978300760000)]},
    ),
    "movielens_movies": (
        {"movies.csv": 'movieId,title,genres\n10,"Hours, The",Drama|Comedy\n11,X,(no genres listed)\n'},
        {"of_genre": [("10", "Comedy"), ("10", "Drama")]},
    ),
    "movielens_ratings_dat": (
        {"ratings.dat": "1::10::5::978300760\n1::11::3::978302109\n"},
        {"rated": [("1", "10", 5.0, 978300760000)]},
    ),
    "movielens_movies_dat": (
        {"movies.dat": "10::Mission: Impossible (1996)::Action|Children's\n"},
        {"Movie": [("10", "Mission: Impossible (1996)")], "of_genre": [("10", "Action"), ("10", "Children's")]},
    ),
}

SHOP: dict[str, Any] = {"entity": {"Product": {"domain": "shop"}, "Ingredient": {}}, "relation": {}}
COSING: dict[str, tuple[dict[str, str], dict[str, list[tuple[Any, ...]]]]] = {
    "cosing_inventory": (
        {"cosing.csv": 'inci_name,cas_number,einecs_number,function\nGLYCERIN,56-81-5,,"Humectant, Solvent"\n'},
        {"has_function": [("GLYCERIN", "Humectant"), ("GLYCERIN", "Solvent")]},
    ),
    "cosing_annex_2": (
        {
            "annex2.csv": "Reference Number,Chemical name / INN,CAS Number,Regulation,"
            "Identified INGREDIENTS or substances e.g.\n1,Hydroquinone,123-31-9,(EC) No 1223/2009,\n"
        },
        {"forbids": [("Hydroquinone", "HYDROQUINONE")], "Regulation": [("Hydroquinone", None, "(EC) No 1223/2009")]},
    ),
    "cosing_annex_3": (
        {
            "annex3.csv": "Reference number,Chemical name / INN,Name of Common Ingredients Glossary,Regulation,"
            "Maximum concentration in ready for use preparation,Wording of conditions of use and warnings\n"
            "1a,Boric acid and borates,BORIC ACID / SODIUM BORATE,(EC) No 1223/2009,5 %,Not to be swallowed\n"
        },
        {"restricts": [("Boric acid and borates", name) for name in ("BORIC ACID", "SODIUM BORATE")]},
    ),
}
EXPORTS |= COSING


def written(folder: Path, files: dict[str, str]) -> list[Path]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def loaded(folder: Path, files: dict[str, str]) -> tuple[Any, dict[str, list[tuple[Any, ...]]], Any]:
    found = first_look(written(folder, files), "test")
    (folder / "mapping.toml").write_text(found.mapping, encoding="utf-8")
    schema = parse_schema(tomllib.loads(found.schema))
    report = load_sources(folder, schema, read_mapping(folder / "mapping.toml", schema), folder)
    return found, graph(folder, schema), report


@pytest.mark.parametrize("name", EXPORTS)
def test_a_preset_and_a_file_of_its_shape(name: str, tmp_path: Path) -> None:
    files, expected = EXPORTS[name]
    found, there, report = loaded(tmp_path, files)
    titles = {preset.name: preset.title for preset in presets()}
    assert found.known[next(iter(files))] == titles[name] and found.unsure == ()
    assert report.rejected == 0
    for key, rows in expected.items():
        assert [row[: len(want)] for row, want in zip(there[key], rows, strict=False)] == rows


@pytest.mark.parametrize("name", COSING)
def test_knowledge_needs_a_place_in_the_schema(name: str, tmp_path: Path) -> None:
    files = written(tmp_path, COSING[name][0])
    bare = parse_schema({"name": "shop", **SHOP})
    with pytest.raises(MappingError, match=r"add these lines to schema\.toml") as refused:
        knowledge_sources("cosing", files, bare)
    more = tomllib.loads(str(refused.value).split(":\n\n")[1])
    schema = parse_schema({"name": "shop", **merged_schema([SHOP, more])})
    load_sources(tmp_path, schema, knowledge_sources("cosing", files, schema), tmp_path)
    there = graph(tmp_path, schema)
    for key, rows in COSING[name][1].items():
        assert [row[: len(want)] for row, want in zip(there[key], rows, strict=False)] == rows
    with pytest.raises(MappingError, match="no file of cosing"):
        knowledge_sources("cosing", written(tmp_path, EXPORTS["movielens_movies"][0]), schema)


def test_the_inventory_of_cosing_as_the_open_data_of_the_union_has_it(tmp_path: Path) -> None:
    head = "COSING Ref No,INCI name,INN name,Ph. Eur. Name,CAS No,EC No,Restriction,Function,Update Date\n"
    row = '28000,SALICYLIC ACID,,,69-72-7,200-712-3,"III/98\nV/3","PRESERVATIVE, KERATOLYTIC",01/01/2020\n'
    above = 'sep=,\n"File creation date: 30/12/2020"\n\n"Inventory of ingredients"\n\n'
    (path,) = written(tmp_path, {"inventory.csv": above + head + row})
    (preset,) = [one for one in presets() if one.name == "cosing_inventory"]
    schema = parse_schema({"name": "t", **merged_schema([preset.schema])})
    load_sources(tmp_path, schema, knowledge_sources("cosing", [path], schema), tmp_path)
    found = graph(tmp_path, schema)["has_function"]
    assert [row[:2] for row in found] == [("SALICYLIC ACID", "KERATOLYTIC"), ("SALICYLIC ACID", "PRESERVATIVE")]


def test_all_files_of_a_layer_are_told_their_place_at_once(tmp_path: Path) -> None:
    files = written(tmp_path, {name: text for texts, _ in COSING.values() for name, text in texts.items()})
    with pytest.raises(MappingError, match=r"Annex II:.*Annex III:") as refused:
        knowledge_sources("cosing", files, parse_schema({"name": "shop", **SHOP}))
    more = tomllib.loads(str(refused.value).split(":\n\n")[1])
    assert set(more["relation"]) == {"has_function", "forbids", "restricts"}
    assert knowledge_sources("cosing", files, parse_schema({"name": "shop", **merged_schema([SHOP, more])}))


def test_every_preset_is_tried() -> None:
    assert {preset.name for preset in presets()} == set(EXPORTS)


def test_orders_of_shopify_need_the_products(tmp_path: Path) -> None:
    files = dict(list(EXPORTS["shopify_orders"][0].items())[:1])
    with pytest.raises(MappingError, match="give the file of shopify_products with it"):
        first_look(written(tmp_path, files), "test")


def test_files_of_unknown_make_are_guessed_and_doubts_said(tmp_path: Path) -> None:
    files = {
        "products.csv": "product_id;product_name;brand;price;ingredients;highlights;url\n"
        'p1;Serum;Nordlys;12.5;"Aqua, Glycerin";Vegan|Hydrating;http://x\n'
        'p2;Cream;Solfar;20;"Aqua, Parfum";Vegan;http://y\np3;Oil;Nordlys;9;Olea Europaea Oil;Hydrating|Clean;\n',
        "customers.csv": "customer_id,skin_type\nu1,dry\nu2,oily\n",
        "orders.csv": "customer_id,product_id,quantity,ordered\nu1,p1,2,2024-01-09\nu3,p2,1,2024-01-10\n",
    }
    found, there, report = loaded(tmp_path, files)
    assert report.rejected == 0 and [row[0] for row in there["User"]] == ["u1", "u2", "u3"]
    assert there["purchased"] == [("u1", "p1", 2.0, 1704758400000), ("u3", "p2", 1.0, 1704844800000)]
    assert ("p1", "Serum", 12.5) in there["Product"] and ("p1", "GLYCERIN", 1.0) in there["contains"]
    assert ("p1", "Vegan", 1.0) in there["has_highlight"] and ("u1", "dry", 1.0) in there["has_skin_type"]
    doubts = "\n".join(found.unsure)
    assert "'quantity' is taken for the weight" in doubts and "'url' is not used" in doubts
    assert f"# not sure: {found.unsure[0]}" in found.mapping
    days = {
        name: text.replace("2024-01-09", "9/1/2024").replace("2024-01-10", "10/1/2024") for name, text in files.items()
    }
    assert 'dates = "day-first"' in "\n".join(first_look(written(tmp_path, days), "test").unsure)
    with pytest.raises(MappingError, match="nothing can be made of it"):
        first_look(written(tmp_path, {"notes.txt": "hello"}), "test")


INTERACTIONS = "user_id:token\titem_id:token\tlabel:float\ttimestamp:float\n"


def test_what_people_have_is_looked_at_and_what_is_strange_is_left_out(tmp_path: Path) -> None:
    files = {
        "shop.inter": f"{INTERACTIONS}u1\ti1\t1\t1704758400\nu1\ti2\t0\t1704758400\nu2\ti1\t1\t1704758400\n",
        "shop.item": "item_id:token\titem_name:token_seq\tclass:token_seq\ni1\tOil\tdry oily\ni2\tBalm\tdry\n",
        "shop.user": "user_id:token\tage:float\nu1\t30\nu2\t40\n",
        "readme.txt": "hello",
    }
    found, there, report = loaded(tmp_path, files)
    assert (report.rejected, [file.filtered for file in report.files]) == (0, [0, 0, 1])
    assert [row[:2] for row in there["interacted_with"]] == [("u1", "i1"), ("u2", "i1")]
    assert there["has_class"] == [("i1", "dry", 1.0), ("i1", "oily", 1.0), ("i2", "dry", 1.0)]
    assert there["User"] == [("u1", None, 30.0), ("u2", None, 40.0)]
    assert any("readme.txt: left out" in doubt for doubt in found.unsure)


def test_triples_of_recbole_become_relations_between_items_and_what_they_are_linked_to(tmp_path: Path) -> None:
    files = {
        "shop.inter": f"{INTERACTIONS}u1\ti1\t1\t1704758400\nu2\ti2\t1\t1704758400\n",
        "shop.link": "item_id:token\tentity_id:token\ni1\tm.1\ni2\tm.2\n",
        "shop.kg": "head_id:token\trelation_id:token\ttail_id:token\n"
        "m.1\tfilm.film.genre\tm.9\nm.2\tfilm.film.genre\tm.9\nm.7\tfilm.actor.film\tm.1\nm.1\tfilm.sequel\tm.2\n"
        "m.9\tmedia.genre\tm.8\n",
    }
    found, there, report = loaded(tmp_path, files)
    schema = parse_schema(tomllib.loads(found.schema))
    assert {name: schema.ends(name) for name in ("genre", "film", "sequel", "media_genre")} == {
        "genre": ("Item", "Entity"),
        "film": ("Entity", "Item"),
        "sequel": ("Item", "Item"),
        "media_genre": ("Entity", "Entity"),
    }
    assert [row[:2] for row in there["genre"]] == [("i1", "m.9"), ("i2", "m.9")]
    assert [row[:2] for row in there["film"]] == [("m.7", "i1")] and [r[:2] for r in there["sequel"]] == [("i1", "i2")]
    assert [row[:2] for row in there["media_genre"]] == [("m.9", "m.8")]
    assert report.rejected == 0 and not any("found nothing" in notice for notice in report.notices)
    assert {"shop.kg", "shop.link"} <= set(found.known)


def test_triples_of_recbole_alone_are_told(tmp_path: Path) -> None:
    kg = {"a.kg": "head_id:token\trelation_id:token\ttail_id:token\nm.1\tgenre\tm.9\n"}
    with pytest.raises(MappingError, match=r"a\.kg: left out: a \.kg file, the one \.link file beside it"):
        first_look(written(tmp_path, kg), "test")
    beside = first_look(written(tmp_path, kg | {"a.inter": f"{INTERACTIONS}u1\ti1\t1\t1704758400\n"}), "test")
    assert any("a.kg: left out" in doubt for doubt in beside.unsure)
    one = {"a.link": "item_id:token\tentity_id:token\ni1\tm.1\ni2\tm.1\n"}
    twice = first_look(written(tmp_path, kg | one | {"a.inter": f"{INTERACTIONS}u1\ti1\t1\t1704758400\n"}), "test")
    assert any("calls one entity several items" in doubt for doubt in twice.unsure)


def test_what_an_archive_without_another_suffix_holds_is_known(tmp_path: Path) -> None:
    for archive, files in {
        "products.zip": ["products.csv", "__MACOSX/._products.csv"],
        "two.zip": ["a.csv", "b.csv"],
    }.items():
        with zipfile.ZipFile(tmp_path / archive, "w") as packed:
            for name in files:
                packed.writestr(name, "SKU,Name,Brand\nK1,Oil,Nordlys\nK2,Balm,Nordlys\n")
    found = first_look([tmp_path / "products.zip"], "test")
    schema = parse_schema(tomllib.loads(found.schema))
    assert "Product" in schema.entity and "Brand" in schema.entity
    (tmp_path / "mapping.toml").write_text(found.mapping)
    (source, *_) = read_mapping(tmp_path / "mapping.toml", schema)
    assert source.file_format(tmp_path / "products.zip") == "csv"
    with pytest.raises(MappingError, match="nothing can be made of it"):
        first_look([tmp_path / "two.zip"], "test")


def test_people_are_known_by_their_addresses_and_by_names_such_as_customer_no(tmp_path: Path) -> None:
    done = "Full name,Email address,Course\nA,a@example.org,Skin\nB,b@example.org,Skin\nA,a@example.org,Hair\n"
    found, there, _ = loaded(tmp_path, {"completion.csv": done})
    assert there["User"] == [("a@example.org",), ("b@example.org",)] and len(there["interacted_with"]) == 3
    assert parse_schema(tomllib.loads(found.schema)).entity["User"].sensitive
    folder = tmp_path / "sales"
    folder.mkdir()
    sold = {"products.csv": "SKU,Name\nK1,Oil\n", "sales 2024.csv": "Customer No,SKU\nC1,K1\nC2,K1\n"}
    assert loaded(folder, sold)[1]["purchased"] == [("C1", "K1", 1.0), ("C2", "K1", 1.0)]
    team = {"brands.csv": "id,name,contact\nb1,Nordlys,x@example.org\nb2,Solfar,y@example.org\n"}
    alone = first_look(written(tmp_path, team), "test")
    assert "contact" not in alone.schema and any("'contact' is not used: it names people" in d for d in alone.unsure)


def test_people_by_number_are_people_and_their_names_no_ids(tmp_path: Path) -> None:
    files = {
        "crm_export.csv": "customer_id,full_name,city\n7,Ann Lee,Bern\n8,Bo,Bern\n9,Ann Lee,Ulm\n",
        "orders.csv": "customer_id,product_id\n7,p1\n8,p1\n",
    }
    found, there, _ = loaded(tmp_path, files)
    schema = parse_schema(tomllib.loads(found.schema))
    assert [name for name, entity in schema.entity.items() if entity.sensitive] == ["User"]
    assert [row[0] for row in there["User"]] == ["7", "8", "9"] and len(there["purchased"]) == 2
    folder = tmp_path / "recbole"
    folder.mkdir()
    user = {"ml.user": "user_id:token\tage:token\tgender:token\n1\t24\tM\n2\t53\tF\n"}
    assert [row[0] for row in loaded(folder, user)[1]["User"]] == ["1", "2"]


def test_chinese_names_of_columns_are_read(tmp_path: Path) -> None:
    files = {
        "订单.csv": "用户编号,商品编号,下单时间\nU1,P1,2024-01-09\nU2,P1,2024-01-09\nU1,P2,2024-01-09\n",
        "商品.csv": "商品编号,商品名称,品牌,成分,产地,香型\nP1,面霜,百雀羚,水、香精,上海,花\n"
        "P2,乳,百雀羚,水、甘油,上海,木\n",
    }
    found, there, report = loaded(tmp_path, files)
    schema = parse_schema(tomllib.loads(found.schema))
    assert schema.entity["User"].sensitive and schema.entity["Product"].domain and report.rejected == 0
    assert [row[:2] for row in there["purchased"]] == [("U1", "P1"), ("U1", "P2"), ("U2", "P1")]
    assert there["Product"] == [("P1", "面霜"), ("P2", "乳")]
    assert [row[:2] for row in there["has_brand"]] == [("P1", "百雀羚"), ("P2", "百雀羚")]
    assert ("P1", "PARFUM") in [row[:2] for row in there["contains"]]
    assert len(schema.relation) == 5  # place of origin and scent stay two, whatever they are called


def test_a_file_of_heads_and_tails_is_of_what_people_did(tmp_path: Path) -> None:
    _, there, _ = loaded(tmp_path, {"purchased.csv": "head,tail\nu1,p1\nu2,p1\n"})
    assert [row[:2] for row in there["purchased"]] == [("u1", "p1"), ("u2", "p1")] and len(there["User"]) == 2


def test_pages_in_rdf_and_logs_are_known_by_their_names(tmp_path: Path) -> None:
    page = {"@context": "https://schema.org/", "@type": "Product", "sku": "s1", "name": "Cream"}
    page["brand"] = {"@type": "Brand", "name": "Nordlys"}
    _, there, _ = loaded(tmp_path, {"page.jsonld": json.dumps(page)})
    assert there["Product"][0][:2] == ("s1", "Cream") and there["made_by"] == [("s1", "Nordlys", 1.0)]
    with pytest.raises(MappingError, match="a table beside RDF"):
        first_look(written(tmp_path, {"page.jsonld": json.dumps(page), "p.csv": "id\n1\n"}), "test")
    event = {"event_type": "edx.course.enrollment.activated", "username": "s", "time": "2024-05-05T10:00:00+00:00"}
    event |= {"event": {"course_id": "c1", "user_id": 1}, "context": {"course_id": "c1", "user_id": 1}}
    for name in ("tracking.log", "tracking.log-20240505-1714900000"):
        known = first_look(written(tmp_path, {name: lines(event, event)}), "test").known
        assert known == {name: "Open edX, tracking log"}


NODES = {
    "movies_header.csv": "movieId:ID,title,released:int,tags:string[],:LABEL\n",
    "movies-part1.csv": "1,Heat,1995,crime;night,Movie;Film\n2,Solaris,1972,,Movie\n",
    "movies-part2.csv": '3,"O\'Brien, the film",2001,night,Movie;Film\n',
    "people_header.csv": "personId:ID,name,:LABEL\n",
    "people.csv": "11,Ann,Person;User\n12,Bo,Person;User\n13,Cy,Person;Actor\n",
    "rels_header.csv": ":START_ID,:END_ID,rating:float,since:long,note,:TYPE\n",
    "rels.csv": "11,1,5,1700000000,x,RATED\n12,2,4,1700000000,,RATED\n12,3,3,,,RATED\n13,1,,,,ACTED_IN\n"
    "11,12,,,,RATED\n",
}


def test_files_of_neo4j_admin_with_headers_of_their_own_become_schema_and_mapping(tmp_path: Path) -> None:
    found, stored, report = loaded(tmp_path, NODES)
    assert stored == {
        "Movie": [("1", "Heat", 1995), ("2", "Solaris", 1972), ("3", "O'Brien, the film", 2001)],
        "Person": [("11", "Ann"), ("12", "Bo"), ("13", "Cy")],
        "Tags": [("crime",), ("night",)],
        "has_tags": [("1", "crime", 1.0), ("1", "night", 1.0), ("3", "night", 1.0)],
        "rated": [("11", "1", 5.0, 1700000000000), ("12", "2", 4.0, 1700000000000), ("12", "3", 3.0)],
        "acted_in": [("13", "1", 1.0)],
    }
    schema = tomllib.loads(found.schema)
    assert schema["entity"]["Movie"]["domain"] == "movies" and schema["entity"]["Person"]["sensitive"]
    assert [name for name, relation in schema["relation"].items() if relation.get("interaction")] == ["rated"]
    assert found.known == dict.fromkeys(
        ("movies-part1.csv", "movies-part2.csv", "people.csv", "rels.csv"), "neo4j-admin database import"
    )
    told = "\n".join(found.unsure)
    assert "of the first 4 rows 1 will be rejected: between other types" in told and "note" in told
    assert sum(file.rejected for file in report.files) == 1


def test_a_type_between_several_pairs_of_id_spaces_is_several_relations(tmp_path: Path) -> None:
    files = {
        "Customer.csv": "id:ID(Customer),name\nc1,Ann\nc2,Bo\n",
        "Book.csv": "id:ID(Book),name\n1,Emma\n",
        "Game.csv": "id:ID(Game),name\n1,Go\n",
        "a.csv": ":START_ID(Customer),:END_ID(Book),:TYPE,quantity:int\nc1,1,BOUGHT,2\n",
        "b.csv": ":START_ID(Customer),:END_ID(Game),:TYPE,quantity:int\nc1,1,BOUGHT,1\nc2,1,BOUGHT,3\n",
    }
    found, stored, _ = loaded(tmp_path, files)
    assert stored["bought"] == [("c1", "1", 2.0)]
    assert stored["bought_2"] == [("c1", "1", 1.0), ("c2", "1", 3.0)]
    assert any("BOUGHT is called bought_2" in doubt for doubt in found.unsure), found.unsure


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"m_header.csv": "id:ID,:LABEL\n"}, "a header of neo4j-admin without rows; give the files of its rows too"),
        (
            {"m_header.csv": "id:ID,:LABEL\n", "m.csv": "1,M\n", "films.csv": "2,M\n"},
            "name the file of its header films_header.csv and give it too",
        ),
        ({"m.csv": "id:ID,:LABEL\n1,M\n", "r.csv": ":START_ID,:TYPE\n1,A\n"}, "no header of neo4j-admin"),
    ],
)
def test_files_of_neo4j_admin_that_miss_one_another_are_told(
    files: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(MappingError, match=message):
        first_look(written(tmp_path, files), "test")


def test_what_went_back_is_no_purchase(tmp_path: Path) -> None:
    """Orders of Shopify as it exports them, several lines each, of which the first alone says what became of it."""
    head = (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Lineitem quantity,Lineitem sku,Created at,Cancelled at"
    )
    orders = [
        *("#1,a@x.invalid,paid,x,fulfilled,2,CS-50,{day},", "#1,a@x.invalid,,,,1,DV-1,{day},"),
        *("#2,b@x.invalid,refunded,x,,1,CS-50,{day},", "#2,b@x.invalid,,,,1,DV-1,{day},"),
        *("#3,c@x.invalid,voided,,,1,CS-50,{day},", "#4,d@x.invalid,paid,x,,1,CS-50,{day},{day}"),
        *("#4,d@x.invalid,,,,1,DV-1,{day},", "#5,b@x.invalid,partially_refunded,x,,1,DV-1,{day},"),
    ]
    text = "\n".join([head, *(line.format(day="2024-01-09 10:00:00 +0100") for line in orders)])
    _, there, report = loaded(tmp_path, {"orders_export.csv": text, "products_export.csv": SHOPIFY})
    kept = {row[:3] for row in there["purchased"]}
    assert kept == {
        ("a@x.invalid", "calm-serum", 2.0),
        ("a@x.invalid", "day-veil", 1.0),
        ("b@x.invalid", "day-veil", 1.0),
    }
    assert report.rejected == 0 and [file.filtered for file in report.files] == [5, 2]


def test_refunds_of_event_logs_are_taken_off(tmp_path: Path) -> None:
    def event(kind: str, *items: tuple[str, int | None]) -> dict[str, Any]:
        listed = [{"item_id": item, "item_name": item} | ({"quantity": n} if n else {}) for item, n in items]
        shared = {"event_timestamp": 1704796153123000, "user_pseudo_id": "1.2"}
        return {"event_name": kind, **shared, "items": listed}

    log = [
        event("purchase", ("S1", 1), ("S2", 2)),
        event("purchase", ("S3", None)),
        event("refund", ("S1", 1), ("S2", 1)),
    ]
    (tmp_path / "ga4").mkdir()
    (tmp_path / "segment").mkdir()
    _, there, report = loaded(
        tmp_path / "ga4", {"events.jsonl": lines(*log, event("refund", ("S3", None)), event("refund"))}
    )
    assert [row[:3] for row in there["purchased"]] == [("1.2", "S2", 1.0)] and report.rejected == 0

    def call(kind: str, *products: str) -> dict[str, Any]:
        named = [{"product_id": one, "name": one, "price": 9} for one in products]
        told = {"type": "track", "event": kind, "userId": "u1", "timestamp": "2024-01-09T10:00:00.000Z"}
        return {**told, "properties": {"order_id": "o1", "products": named}}

    calls = [call("Order Completed", "p1", "p2", "p3"), call("Order Refunded", "p1"), call("Order Cancelled", "p3")]
    _, there, report = loaded(tmp_path / "segment", {"track.json": json.dumps(calls)})
    assert [row[:2] for row in there["purchased"]] == [("u1", "p2")] and report.rejected == 0
