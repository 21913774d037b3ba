"""How answers show themselves in a notebook; pages are imported when one is shown."""

from kg.schema import Schema
from recommender.results.account import Account
from recommender.results.recommendation import Recommendation


def list_html(result: Recommendation, lang: str) -> str:
    """A list as a table."""
    from recommender.pages.table import list_table

    return list_table(result, lang)


def account_html(account: Account, schema: Schema, lang: str) -> str:
    """An account as its page, with the picture of the paths, in a frame."""
    from recommender.pages.account_page import account_frame

    return account_frame(account, schema, lang)
