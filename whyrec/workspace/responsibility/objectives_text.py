"""What floors take and win, in one text."""

from collections.abc import Sequence

from kg.schema import Schema
from recommender.results.responsibility.objectives import DomainObjectives
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain
from recommender.texts.shares import told_share


def objectives_text(
    found: Sequence[DomainObjectives], empty: Sequence[str], schema: Schema, keep: bool, lang: str
) -> str:
    """A sentence for each domain, for the floors that nothing can keep, and whether lists follow.

    :param empty: floors of what no item is.
    :param keep: whether they do from now on.
    """
    texts = language(lang).section("objectives")
    told = [
        texts["domain"].format(
            domain=spoken_domain(schema, one.domain, lang),
            before=told_share(one.gap_before, one.step, lang, 1),
            after=told_share(one.gap_after, one.step, lang, 1),
            loss=told_share(one.loss, one.step, lang, 1),
        )
        for one in found
    ]
    told += [texts["empty"].format(floor=one) for one in empty]
    return language(lang).sentences([*told, texts["kept" if keep else "tried"]]) if found else texts["nothing"]
