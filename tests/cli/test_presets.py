"""From the file of each preset to a first explained recommendation in three commands, as somebody new does it."""

import json
import re
import shlex
from pathlib import Path

import pytest

from kg.formats.preset import presets
from tests.cli.conftest import Whyrec
from tests.kg.formats.test_first_look import COSING

PEOPLE = [f"ann{number}" for number in range(1, 8)]
TAKEN = [(person, item) for person in PEOPLE for item in ("i1", "i2")[: 1 if person == "ann1" else 2]]
TAKEN += [(f"bob{number}", item) for number in range(1, 8) for item in ("i3", "i4")]
"""All of one kind took both but the first, who took one; those of the other kind took other things."""


def table(header: str, *rows: str, separator: str = "\n") -> str:
    return separator.join([header, *rows]) + separator


def lines(*documents: object) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


SHOPIFY = table(
    "Handle,Title,Vendor,Tags,Variant SKU,Variant Price",
    'i1,Calm Serum,Nordlys,"dry skin, vegan",S1,24',
    'i2,Calm Cream,Nordlys,"dry skin, night",S2,30',
    "i3,Sun Oil,Solfar,sun,S3,9",
    "i4,Sun Milk,Solfar,sun,S4,9",
)
FEED = "<item><g:id>i{0}</g:id><title>Serum {0}</title><g:price>9 USD</g:price><g:brand>{1}</g:brand></item>"
DAY, EPOCH = "2024-01-09", 1704796153
FILES: dict[str, dict[str, str]] = {
    "shopify_products": {"products_export.csv": SHOPIFY},
    "shopify_orders": {
        "orders_export.csv": table(
            "Name,Email,Lineitem sku,Lineitem quantity,Created at",
            *(f"#1,{person},S{item[1]},1,{DAY} 10:00:00 +0100" for person, item in TAKEN),
        ),
        "products_export.csv": SHOPIFY,
    },
    "woocommerce_orders": {
        "orders.csv": table(
            "Order Number,Order Status,Order Date,Email (Billing),SKU,Item Name,Quantity (- Refund)",
            *(f"{n},Completed,{DAY} 10:00,{person},{item},Item {item},1" for n, (person, item) in enumerate(TAKEN)),
        )
    },
    "woocommerce_orders_of_products": {
        "orders.csv": table(
            "Order Number,Order Status,Order Date,Email (Billing),SKU,Item Name,Quantity (- Refund)",
            *(f"{n},Completed,{DAY} 10:00,{person},{item}-S,Item {item},1" for n, (person, item) in enumerate(TAKEN)),
        ),
        "wc.csv": table(
            "ID,Type,SKU,Name,Published,Regular price,Categories,Tags,Parent",
            *(f"{n},variable,i{n},Item {n},1,,Care,tag {n % 2}," for n in range(1, 5)),
            *(f"1{n},variation,i{n}-S,Item {n} - S,1,9,,,i{n}" for n in range(1, 5)),
        ),
    },
    "woocommerce_products": {
        "wc.csv": table(
            "ID,Type,SKU,Name,Published,Regular price,Categories,Tags",
            "1,simple,i1,Calm Serum,1,9,Care > Face,dry",
            "2,simple,i2,Calm Cream,1,9,Care > Face,dry",
            "3,simple,i3,Sun Oil,1,9,Sun > Body,sun",
            "4,simple,i4,Sun Milk,1,9,Sun > Body,sun",
        )
    },
    "google_merchant": {
        "feed.tsv": table(
            "id\ttitle\tprice\tavailability\tbrand\tproduct_type",
            "i1\tSerum\t24.00 USD\tin_stock\tNordlys\tCare > Face",
            "i2\tCream\t30.00 USD\tin_stock\tNordlys\tCare > Face",
            "i3\tOil\t30.00 USD\tin_stock\tSolfar\tSun > Body",
            "i4\tMilk\t30.00 USD\tin_stock\tSolfar\tSun > Body",
        )
    },
    "google_merchant_xml": {
        "feed.xml": '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
        + "".join(
            FEED.format(number, brand) for number, brand in enumerate(("Nordlys", "Nordlys", "Solfar", "Solfar"), 1)
        )
        + "</channel></rss>"
    },
    "ga4_bigquery": {
        "events.jsonl": lines(
            *(
                {
                    "event_name": "purchase",
                    "event_timestamp": EPOCH * 10**6,
                    "user_pseudo_id": person,
                    "items": [{"item_id": item, "item_name": item, "item_brand": f"N{item > 'i2'}"}],
                }
                for person, item in TAKEN
            )
        )
    },
    "segment": {
        "track.json": json.dumps(
            [
                {
                    "type": "track",
                    "event": "Order Completed",
                    "userId": person,
                    "timestamp": f"{DAY}T10:00:00.000Z",
                    "properties": {"products": [{"product_id": item, "name": item, "price": 9}]},
                }
                for person, item in TAKEN
            ]
        )
    },
    "openedx_tracking": {
        "tracking.log.jsonl": lines(
            *(
                {
                    "username": person,
                    "event_type": "edx.course.enrollment.activated",
                    "time": f"{DAY}T10:00:00+00:00",
                    "context": {"course_id": item},
                    "event": {"course_id": item},
                }
                for person, item in TAKEN
            )
        )
    },
    "moodle_completions": {
        "completions.csv": table(
            "id,userid,course,timeenrolled,timestarted,timecompleted,reaggregate",
            *(f"{n},{person},{item},{EPOCH},{EPOCH},{EPOCH},0" for n, (person, item) in enumerate(TAKEN)),
        )
    },
    "moodle_courses": {
        "mdl_course.csv": table(
            "id,category,sortorder,fullname,shortname,summary,format",
            "1,0,1,The site,site,,site",
            *(f"i{n},1,1000{n},Course {n},C{n},<p>About &amp; around</p>,topics" for n in range(1, 5)),
        ),
        "mdl_course_completions.csv": table(
            "id,userid,course,timeenrolled,timestarted,timecompleted,reaggregate",
            *(f"{n},{person},{item},{EPOCH},{EPOCH},{EPOCH},0" for n, (person, item) in enumerate(TAKEN)),
        ),
    },
    "coursera_catalogue": {
        "coursera.csv": table(
            "course_title,course_organization,course_Certificate_type,course_rating,course_difficulty",
            "Skin care,Nord University,COURSE,4.7,Beginner",
            "Hair care,Nord University,COURSE,4.5,Beginner",
            "Bread,South University,COURSE,4.5,Advanced",
            "Cake,South University,COURSE,4.5,Advanced",
        )
    },
    "coursera_courses": {
        "Coursera.csv": table(
            "Course Name,University,Difficulty Level,Course Rating,Course URL,Course Description,Skills",
            "Skin care,Nord University,Beginner,4.7,x,All of it,Acne  serum",
            "Hair care,Nord University,Beginner,Not Calibrated,x,All of it,hair loss  serum",
            "Bread,South University,Advanced,4.5,x,All of it,yeast",
            "Cake,South University,Advanced,4.5,x,All of it,yeast  sugar",
        )
    },
    "udemy_catalogue": {
        "udemy.csv": table(
            "course_id,course_title,url,is_paid,price,num_subscribers,level,subject",
            "1,Skin,x,True,20,5,All Levels,Beauty",
            "2,Hair,x,False,Free,5,Expert Level,Beauty",
            "3,Bread,x,False,Free,5,Expert Level,Baking",
            "4,Cake,x,False,Free,5,Expert Level,Baking",
        )
    },
    "movielens_ratings": {
        "ratings.csv": table("userId,movieId,rating,timestamp", *(f"{p},{i},4.5,{EPOCH}" for p, i in TAKEN))
    },
    "movielens_movies": {
        "movies.csv": table(
            "movieId,title,genres", '10,"Hours, The",Drama|Comedy', "11,X,Drama", "12,Y,War", "13,Z,War"
        )
    },
    "movielens_tags": {
        "tags.csv": table("userId,movieId,tag,timestamp", *(f"1,i{n},tag {n // 3},{EPOCH}" for n in range(1, 5)))
    },
    "movielens_links": {
        "links.csv": table("movieId,imdbId,tmdbId", *(f"i{n},011470{n},86{n}" for n in range(1, 5))),
        "ratings.csv": table("userId,movieId,rating,timestamp", *(f"{p},{i},4.5,{EPOCH}" for p, i in TAKEN)),
    },
    "movielens_users_dat": {
        "users.dat": table("01::F::25::10::48067", *(f"0{n}::F::25::10::02460" for n in range(2, 8))),
        "ratings.dat": table(
            "99::9::5::978300760", *(f"{ord(p[0]) - 97}{p[3:]}::{i[1:]}::5::{EPOCH}" for p, i in TAKEN)
        ),
    },
    "movielens_ratings_dat": {
        "ratings.dat": table(
            "99::9::5::978300760", *(f"{ord(p[0]) - 97}{p[3:]}::{i[1:]}::5::{EPOCH}" for p, i in TAKEN)
        )
    },
    "movielens_movies_dat": {
        "movies.dat": table(
            "10::Mission: Impossible (1996)::Action", "11::Heat (1995)::Action", "12::Bambi::Tale", "13::Mulan::Tale"
        )
    },
}


def test_every_preset_of_a_shop_is_walked() -> None:
    assert {one.name for one in presets()} == {*FILES, *COSING}


@pytest.mark.parametrize("name", FILES)
def test_from_the_file_to_a_first_explained_recommendation(name: str, tmp_path: Path, whyrec: Whyrec) -> None:
    for file, text in FILES[name].items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    shop = tmp_path / "my shop"
    made = whyrec("init", shop, "--from", *(tmp_path / file for file in FILES[name]))
    assert made.exit_code == 0 and "not sure" not in made.stdout, made.output
    loaded = whyrec("-w", shop, "load")
    assert loaded.exit_code == 0, loaded.output
    (said,) = re.findall(r"train, or (recommend .*) at once", loaded.stdout)
    question = shlex.split(said.replace("USER", "01" if "ratings.dat" in FILES[name] else "ann1"))
    listed = whyrec("-w", shop, *question)
    assert listed.exit_code == 0 and "not personal" not in listed.stderr, listed.output
    first = next(line for line in listed.stdout.splitlines() if line.startswith("│ 1 "))
    assert re.search(r"│ (Because you |You |At least |It (?!is linked))", first), listed.stdout
