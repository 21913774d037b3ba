"""The shipped notebook runs, and its answers show themselves."""

from pathlib import Path

import whyrec
from kg.workspace.workspace import Workspace
from recommender.results.recommendation import Recommendation
from tests.whyrec.conftest import Shown


def test_every_cell_runs_and_shows_something(toured: tuple[Path, Shown]) -> None:
    folder, shown = toured
    assert len(shown) >= 10 and all(value is not None for _, value in shown)
    assert Workspace(folder / "demo").model.is_dir()
    texts = [value for _, value in shown if isinstance(value, str)]
    assert "rows, " in texts[0] and texts[-1].endswith("recommend USER")


def test_lists_accounts_and_evaluations_show_themselves(toured: tuple[Path, Shown]) -> None:
    pages = {type(value).__name__: value._repr_html_() for _, value in toured[1] if hasattr(value, "_repr_html_")}
    assert {"Recommendation", "Account", "Evaluation"} <= set(pages)
    account = pages["Account"]
    assert account.startswith("<iframe srcdoc=") and account.endswith("></iframe>") and "&lt;svg" in account
    assert '"' not in account[len('<iframe srcdoc="') : account.index('" style=')]
    assert pages["Recommendation"].count("<tr>") == 4 and "whyrec</td>" in pages["Evaluation"]


def test_data_is_text_in_a_table(engine: whyrec.Engine) -> None:
    listed = engine.recommend("u0002", n=1)
    evil = listed.items[0].model_copy(update={"label": "<script>x</script>\x1b[2J", "reason": "a & b"})
    page = listed.model_copy(update={"items": [evil]})._repr_html_()
    assert page is not None and "<script>" not in page and "\x1b" not in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page and "a &amp; b" in page


def test_a_document_shows_itself_in_its_language_and_is_the_same_without(engine: whyrec.Engine) -> None:
    listed = engine.recommend("u0002", n=1, lang="zh")
    assert "推荐" in str(listed._repr_html_()) or "原因" in str(listed._repr_html_())
    bare = Recommendation.model_validate(listed.model_dump())
    assert bare == listed and bare._repr_html_() is None
    assert "_html" not in listed.model_dump_json()
