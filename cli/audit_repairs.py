"""What was tried to close a gap that an audit found."""

from cli.output import Output
from recommender.results.responsibility.audit import DomainAudit
from recommender.texts.languages import language


def show_repairs(output: Output, one: DomainAudit, lang: str) -> None:
    """The repairs of a domain's worst group, where they were asked for."""
    if not one.repairs:
        return
    words = language(lang)
    texts = words.section("audit")
    tried = [
        (
            words.repair(each),
            *(f"{ratio:.2f}" for ratio in (each.ratio_before, each.ratio_after)),
            texts["closes_yes" if each.closes else "closes_no"],
        )
        for each in one.repairs
    ]
    columns = [texts[name] for name in ("tried", "ratio", "then", "closes")]
    output.table(texts["repairs"].format(group=one.worst), columns, tried)
