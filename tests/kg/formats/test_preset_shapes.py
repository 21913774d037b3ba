"""Presets on what their programs really export: told twice, refunded, left again, drafts, other editions."""

from pathlib import Path
from typing import Any

import pytest

from tests.kg.formats.test_first_look import lines, loaded

DAY, EPOCH = "2024-01-09", 1704796153


def rows(*found: str) -> str:
    return "\n".join(found) + "\n"


def event(name: str, user: str, items: list[tuple[str, int]], time: int, order: str | None) -> dict[str, Any]:
    """An event of GA4, as BigQuery writes it: whole numbers are texts."""
    return {
        "event_name": name,
        "event_timestamp": str((EPOCH + time) * 10**6),
        "user_pseudo_id": user,
        "ecommerce": {"transaction_id": order},
        "items": [{"item_id": item, "quantity": str(many), "item_brand": "(not set)"} for item, many in items],
    }


def test_ga4_counts_a_purchase_once_and_one_refunded_as_a_whole_not_at_all(tmp_path: Path) -> None:
    events = [
        event("purchase", "twice", [("p1", 1), ("p2", 3)], 0, "T1"),
        event("purchase", "twice", [("p1", 1), ("p2", 3)], 9, "T1"),
        event("purchase", "again", [("p1", 1)], 0, "T2"),
        event("purchase", "again", [("p1", 1)], 9, "T3"),
        event("purchase", "unnamed", [("p1", 1)], 0, "(not set)"),
        event("purchase", "unnamed", [("p1", 1)], 9, "(not set)"),
        event("purchase", "whole", [("p1", 1), ("p2", 1)], 0, "T4"),
        event("refund", "whole", [], 9, "T4"),
        event("purchase", "part", [("p1", 1), ("p2", 1)], 0, "T5"),
        event("refund", "part", [("p2", 1)], 9, "T5"),
    ]
    _, there, report = loaded(tmp_path, {"events.jsonl": lines(*events)})
    bought = {row[:3] for row in there["purchased"]}
    assert bought == {
        ("twice", "p1", 1.0),
        ("twice", "p2", 3.0),
        ("again", "p1", 2.0),
        ("unnamed", "p1", 2.0),
        ("part", "p1", 1.0),
    }
    said = "\n".join(report.notices)
    assert "2 rows tell again what 'ecommerce.transaction_id' told before" in said and "found nothing" not in said
    assert "Brand" not in there and report.rejected == 0
    assert all(file.rows == file.loaded + file.filtered for file in report.files)


def call(what: str, user: str, time: int, **properties: object) -> dict[str, Any]:
    """A call of Segment."""
    stamp = f"{DAY}T10:00:{time:02d}Z"
    return {"type": "track", "event": what, "userId": user, "timestamp": stamp, "properties": properties}


def test_segment_counts_an_order_once_and_knows_what_was_only_looked_at(tmp_path: Path) -> None:
    first, second = ({"product_id": f"p{n}", "name": f"Item {n}", "brand": "Nordlys"} for n in (1, 2))
    calls = [
        call("Order Completed", "twice", 0, order_id="1", products=[first]),
        call("Order Completed", "twice", 9, order_id="1", products=[first]),
        call("Order Completed", "whole", 0, order_id="2", products=[first]),
        call("Order Refunded", "whole", 9, order_id="2"),
        call("Product Viewed", "whole", 9, **second),
    ]
    _, there, _ = loaded(tmp_path, {"1704796153000.1": lines(*calls)})  # as the archive calls it: no suffix
    assert [row[:3] for row in there["purchased"]] == [("twice", "p1", 1.0)]
    assert [row[:2] for row in there["viewed"]] == [("whole", "p2")]
    assert [row[:2] for row in there["Product"]] == [("p1", "Item 1"), ("p2", "Item 2")]
    assert [row[:2] for row in there["made_by"]] == [("p1", "Nordlys"), ("p2", "Nordlys")]


def test_who_left_a_course_again_is_not_enrolled(tmp_path: Path) -> None:
    told = [("ann", "activated"), ("bob", "activated"), ("bob", "deactivated")]
    told += [("cat", "activated"), ("cat", "deactivated"), ("cat", "activated")]
    events = [
        {
            "username": user,
            "event_type": f"edx.course.enrollment.{what}",
            "time": f"{DAY}T10:00:{number:02d}+00:00",
            "context": {"course_id": "c1"},
        }
        for number, (user, what) in enumerate(told)
    ]
    _, there, _ = loaded(tmp_path, {"tracking.log": lines(*events)})
    assert [row[:3] for row in there["enrolled_in"]] == [("ann", "c1", 1.0), ("cat", "c1", 1.0)]


@pytest.mark.parametrize("edition", ["old", "new"])
def test_shopify_of_either_edition(edition: str, tmp_path: Path) -> None:
    products = rows(
        "Handle,Title,Body (HTML),Vendor,Tags,Variant SKU,Variant Price,Status",
        "serum,Serum,<p>Soft</p>,Nordlys,dry,S1,20.00,active",
        "serum,,,,,S1-50,30.00,",
        "oil,Oil,,Solfar,sun,S2,23.00,archived",
    )
    if edition == "new":
        names = {"Handle": "URL handle", "Body (HTML)": "Description", "Variant SKU": "SKU", "Variant Price": "Price"}
        for old, new in names.items():
            products = products.replace(old, new, 1)
    orders = rows(
        "Name,Email,Financial Status,Lineitem quantity,Lineitem price,Lineitem sku,Created at,Refunded Amount",
        f"#1,ann,paid,1,20.00,S1,{DAY} 10:00:00 +0100,0.00",
        f"#1,ann,,1,30.00,S1-50,{DAY} 10:00:00 +0100,",
        f"#2,bob,partially_refunded,1,20.00,S1,{DAY} 10:00:00 +0100,23.00",
        f"#2,bob,,1,23.00,S2,{DAY} 10:00:00 +0100,",
        f"#3,cat,partially_refunded,2,20.00,S1,{DAY} 10:00:00 +0100,5.00",
        f"#4,dan,refunded,1,20.00,S1,{DAY} 10:00:00 +0100,20.00",
    )
    _, there, report = loaded(tmp_path, {"orders_export_1.csv": orders, "products_export_1.csv": products})
    assert [row[:2] for row in there["purchased"]] == [("ann", "serum"), ("bob", "serum"), ("cat", "serum")]
    assert {row[:4] for row in there["Product"]} == {("serum", "Serum", 20.0, True), ("oil", "Oil", 23.0, False)}
    assert report.contradictions == 0 and report.rejected == 0


def test_lines_of_shopify_without_sku_are_told_with_what_to_fill_in(tmp_path: Path) -> None:
    """By their title they would be of the wrong product, where a shop has two of one title."""
    orders = rows(
        "Name,Email,Lineitem name,Lineitem sku,Lineitem quantity,Created at",
        f"#1,ann,Serum,S1,1,{DAY} 10:00:00 +0100",
        f"#2,bob,Serum,,1,{DAY} 10:00:00 +0100",
    )
    products = rows("Handle,Title,Vendor,Tags,Variant SKU,Variant Price", "serum,Serum,Nordlys,dry,S1,20.00")
    _, there, report = loaded(tmp_path, {"orders_export.csv": orders, "products_export.csv": products})
    assert ([row[:2] for row in there["purchased"]], report.rejected) == ([("ann", "serum")], 1)
    told = "1 row has no 'Lineitem sku', by which products_export.csv is looked up; fill it in"
    assert any(told in one for one in report.notices), report.notices


def test_woocommerce_leaves_out_drafts_variations_and_orders_that_are_none(tmp_path: Path) -> None:
    products = rows(
        "ID,Type,SKU,Name,Published,Regular price,Categories,Parent",
        "1,variable,p1,Soap,1,,Care,",
        '2,"variation, virtual",p1-red,Soap - Red,1,9,,p1',
        "3,simple,p2,Draft,-1,9,Care,",
    )
    orders = rows(
        "Order Number,Order Status,Order Date,Email (Billing),SKU,Item Name,Quantity (- Refund)",
        f"1,Completed,{DAY} 10:00,ann,p1,Soap,1",
        f"2,Checkout draft,{DAY} 10:00,bob,p1,Soap,1",
        f"3,wc-checkout-draft,{DAY} 10:00,cat,p1,Soap,1",
        f"4,wc-cancelled,{DAY} 10:00,dan,p1,Soap,1",
    )
    _, there, _ = loaded(tmp_path, {"orders.csv": orders, "products.csv": products})
    assert [row[:2] for row in there["purchased"]] == [("ann", "p1")]
    assert [row[:2] for row in there["Product"]] == [("p1", "Soap")]


def test_products_of_woocommerce_without_sku_are_known_by_their_number(tmp_path: Path) -> None:
    products = rows(
        "ID,Type,SKU,Name,Published,Regular price,Categories,Tags",
        "27,simple,,Soap,1,9.00,Care > Soap,mild",
        "28,simple,p2,Oil,1,5.00,Care,mild",
        "29,simple,,Draft,0,9.00,Care,",
    )
    _, there, report = loaded(tmp_path, {"products.csv": products})
    assert [row[:3] for row in there["Product"]] == [("27", "Soap", 9.0), ("p2", "Oil", 5.0)] and report.rejected == 0
    assert [row[:2] for row in there["in_category"]] == [("27", "Care > Soap"), ("p2", "Care")]
    assert [row[:2] for row in there["tagged"]] == [("27", "mild"), ("p2", "mild")]


def test_a_file_of_woocommerce_without_numbers_is_not_asked_for_them(tmp_path: Path) -> None:
    products = rows("Type,SKU,Name,Regular price,Categories", "simple,p1,Soap,9.00,Care", "simple,,Oil,5.00,Care")
    found, there, report = loaded(tmp_path, {"products.csv": products})
    assert (report.rejected, [row[0] for row in there["Product"]]) == (1, ["p1"])
    assert '"ID"' not in found.mapping


TABLE = "id\ttitle\tprice\tavailability\tbrand\tproduct type\ni1\tSerum\t9.00 EUR\tin stock\tNordlys\tCare > Face\n"
ITEM = "".join(
    f"<g:{key}>{value}</g:{key}>"
    for key, value in {"id": "i1", "title": "Serum", "price": "9.00 EUR", "product_type": "Care &gt; Face"}.items()
)
XML = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item>{ITEM}</item></channel></rss>'


@pytest.mark.parametrize(("name", "feed"), [("feed.txt", TABLE), ("feed.tsv", TABLE), ("feed.xml", XML)])
def test_merchant_feeds_as_they_are_spelt(name: str, feed: str, tmp_path: Path) -> None:
    _, there, _ = loaded(tmp_path, {name: feed})
    assert there["Product"][0][:3] == ("i1", "Serum", 9.0)
    assert [row[:2] for row in there["in_category"]] == [("i1", "Care > Face")]
