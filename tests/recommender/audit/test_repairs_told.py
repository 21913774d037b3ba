"""What was tried to close a gap is told in the table and on the page, in both languages."""

import pytest

from cli.audit_repairs import show_repairs
from cli.output import Output
from recommender.pages.audit_page import audit_page
from recommender.results.responsibility.audit import Audit, DomainAudit, Repair

TRIED = [("rules", None, None, None), ("weight", None, None, 12.0), ("data", "contains", 1, None)]
REPAIRS = [
    Repair(kind=kind, about=about, triples=n, percent=percent, ratio_before=0.5, ratio_after=1.0, closes=True)
    for kind, about, n, percent in TRIED
]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("no rules or objectives of the shop", "scores +12%", "1 missing triple of contains", "closes the gap")),
        ("zh", ("不用商家的规则与目标", "得分 +12%", "补上 contains 所缺的 1 条三元组", "差距消除")),
    ],
)
def test_repairs_of_every_kind(lang: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    domain = DomainAudit.model_construct(domain_text="cosmetics", worst="topic: Soap", repairs=REPAIRS)
    show_repairs(Output(False, False), domain, lang)
    shown = capsys.readouterr().out
    figures = {"head_used": 0.2, "head_lists": 0.2, "gini_used": 0.1, "gini_lists": 0.1, "gap": -0.1}
    figures |= {f"gini_{of}_{end}": 0.1 for of in ("lists", "used") for end in ("low", "high")}
    rest = {"people": 9, "groups": [], "bubble": None, "causes": [], "parity": []}
    whole = domain.model_copy(update={**figures, **rest})
    found = Audit.model_construct(text="", of=9, k=5, least=20, domains=[whole], users=None, parity=[])
    page = audit_page(found, lang)
    assert all(word in shown and word in page for word in words)
