"""Pictures of accounts for the console: the product's own SVG."""

from xml.etree.ElementTree import tostring

from kg.schema import Schema
from recommender.pages.page_style import STYLE
from recommender.pages.path_picture import graph_picture, tree_picture
from recommender.pages.svg import graph_svg, tree_svg
from recommender.results.account import Account


def account_svg(account: Account, schema: Schema, lang: str) -> str:
    """The paths of an account as a picture, wide for a desk and narrow for a telephone; empty where there is none."""
    paths = [(number, path) for number, part in enumerate(account.parts) for path in part.paths or ()]
    if not paths:
        return ""
    captions = [["", *(schema.phrase(step, lang).removeprefix("的") for step in path.relations)] for _, path in paths]
    pictures = [
        graph_svg(graph_picture(paths, captions), account.item.label),
        tree_svg(tree_picture(paths, captions), account.item.label),
    ]
    drawn = "".join(tostring(one, encoding="unicode", method="html") for one in pictures)
    return f"<style>{STYLE}</style>{drawn}"
