"""What was tried to close a gap that an audit found."""

from cli.output import Output
from kg.counting import by_number
from recommender.results.responsibility.audit import DomainAudit, Repair


def show_repairs(output: Output, one: DomainAudit) -> None:
    """The repairs of a domain's worst group, where they were asked for."""
    if one.repairs:
        tried = [
            (_tried(each), f"{each.ratio_before:.2f}", f"{each.ratio_after:.2f}", "yes" if each.closes else "no")
            for each in one.repairs
        ]
        output.table(f"What would change it, ranked anew: {one.worst}", ("tried", "ratio", "then", "closes"), tried)


def _tried(one: Repair) -> str:
    if one.kind == "rules":
        return "no rules of the shop"
    missing = by_number(f"{one.triples:,} missing [triple|triples]")
    return f"scores + {one.percent:g}%" if one.kind == "weight" else f"{missing} of {one.about}"
