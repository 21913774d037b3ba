"""The file of a campaign: who uses something and who would, for the eyes of its owner alone."""

from collections import Counter
from functools import partial
from pathlib import Path

from kg.errors import UsageError
from kg.workspace.output_file import check_output
from kg.workspace.outputs import pending_of, remember_output
from kg.workspace.permissions import private_files
from kg.workspace.workspace import Workspace
from recommender.marketing.audience import Subject
from recommender.marketing.campaign import COLUMNS, KEYS, campaign
from recommender.marketing.crowd import Crowd
from recommender.serving.list_file import is_list_file, list_format


def write_campaign(
    workspace: Workspace, crowd: Crowd, subject: Subject, out: Path, how: tuple[str, bool]
) -> Counter[str]:
    """Write the rows of :func:`recommender.marketing.campaign.campaign`, whole or not at all.

    :param how: the language, and whether to write over a file of another kind.
    :returns: how many people are in each group.
    :raises UsageError: for a suffix that is no format, a file that cannot be written, or fewer than k people.
    """
    lang, force = how
    written, counts = list_format(out), Counter[str]()
    check_output(out, partial(is_list_file, keys=KEYS), workspace, force)
    pending = pending_of(out)
    remember_output(workspace.folder, out)  # whoever is forgotten is looked for in what a killed command left, too
    try:
        with private_files():
            with written(pending, COLUMNS) as file:
                for table in campaign(crowd, subject, lang):
                    counts.update(table["group"].to_pylist())
                    file.write(table)
            if counts:
                pending.replace(out)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror or problem}") from None
    finally:
        pending.unlink(missing_ok=True)
    if not counts:
        raise UsageError(f"{out}: not written: fewer than {crowd.k} people use {subject.about.label} or would")
    remember_output(workspace.folder, out)
    return counts
