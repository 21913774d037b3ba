"""The file of a campaign is for its owner alone, is known again, and loses whoever is forgotten."""

import stat
from pathlib import Path

import polars as pl
import pytest

import whyrec
from kg.errors import UsageError
from kg.privacy.erasure.redaction import Outcome, Person, Redactor, is_list_of_recommendations
from kg.workspace.outputs import outputs
from recommender.marketing.audience import subject_of
from recommender.marketing.crowd import Crowd
from recommender.rules.rule_set import Rules
from tests.recommender.marketing.test_marketing import entity, shop
from whyrec.answering.campaign_file import write_campaign

READERS = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson}


def test_a_campaign_is_written_for_its_owner_and_known_again(tmp_path: Path) -> None:
    workspace, recommender = whyrec.create(tmp_path / "shop").workspace, shop(tmp_path / "graph")
    crowd = Crowd(recommender, Rules())
    subject = subject_of(crowd, entity(recommender, "Ingredient", "OAT"))
    someone = Person("u03", ["User"], recommender.snapshot.schema, False)
    for suffix in (*READERS, ".xlsx"):
        out = tmp_path / f"campaign{suffix}"
        for _ in range(2):  # again over itself
            counts = write_campaign(workspace, crowd, subject, out, ("en", False))
        assert stat.S_IMODE(out.stat().st_mode) == 0o600 and out.resolve() in outputs(workspace.folder)
        if suffix == ".xlsx":
            continue
        frame = READERS[suffix](out)
        assert frame.columns[:2] == ["personal_data", "user_id"] and set(frame["personal_data"]) == {"personal data"}
        assert dict(frame["group"].value_counts().iter_rows()) == counts and counts["uses"] == 30
        assert is_list_of_recommendations(out) and Redactor(someone).redact(out) is Outcome.REWRITTEN
        assert set(frame["user_id"]) - set(READERS[suffix](out)["user_id"]) == {"u03"}
    notes = tmp_path / "notes.csv"
    notes.write_text("mine\n", encoding="utf-8")
    for path, told in ((notes, "something else"), (tmp_path / "campaign.doc", "suffix")):
        with pytest.raises(UsageError, match=told):
            write_campaign(workspace, crowd, subject, path, ("en", False))
    assert notes.read_text(encoding="utf-8") == "mine\n"
