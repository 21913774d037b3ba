"""Data made safe for a terminal: never markup, never an emoji code, never a control sequence."""

import shlex
import sys
import unicodedata

from rich.progress import ProgressColumn, Task
from rich.text import Text

from cli.encoding import fitted

_KEPT = "\n\t\u200c\u200d"
"""What is shown as it is, though no glyph: line ends, tabs, and the joiners that Persian, Hindi and emoji need."""
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories that move the cursor, turn the direction of writing or hide: escaped, for they could forge a line."""


class DataColumn(ProgressColumn):
    """A column of progress bars that shows data, such as the name of a file.

    :param form: a format string over ``task``.
    """

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form

    def render(self, task: Task) -> Text:
        """The text of one bar, on one line."""
        return styled(" ".join(self._form.format(task=task).splitlines()))


def styled(*parts: str | tuple[str, str]) -> Text:
    """Data for the terminal: each part, and the style of each that comes as a pair; see :func:`shown`."""
    return Text.assemble(*(shown(part) if isinstance(part, str) else (shown(part[0]), part[1]) for part in parts))


def command(*words: object) -> str:
    """A ``whyrec`` command that a shell takes as it is written, whatever stands in ids and paths."""
    return f"whyrec {shlex.join(map(str, words))}"


def shown(text: str) -> str:
    """Data made safe for a terminal: what hides or moves is escaped, and what its encoding lacks is replaced."""
    if not text.isprintable():
        text = "".join(
            ascii(ch)[1:-1] if ch not in _KEPT and unicodedata.category(ch) in _HIDDEN else ch for ch in text
        )
    return fitted(text, sys.stdout.encoding)
