"""The grammar of row expressions: what a ``where`` may be made of, checked word by word.

A mapping comes from somebody else as often as its files do, so an expression must not be able to do anything but look
at the cells of one row. Only what is listed here passes; everything is then written anew from the words that were
understood, so that the engine reads the same words. There is no way to write a query, and so none to name a file, an
address or another table.

::

    condition   rating >= 4 AND brand IN ('Acme', 'Solfar') OR NOT (title ILIKE '%soap%')
    column      a bare name, "a name in double quotes", or a name with dots: context.course_id
    text        'in single quotes', '' for one of them inside
"""

import re

from kg.document import nearest
from kg.errors import MappingError

MOST_CHARACTERS = 20_000
MOST_BRACKETS = 20
"""How deep brackets may be nested: the engine reads them by recursion."""
MOST_OPERATORS = 500
"""Operators and keywords of one expression; each of them is one more level of the engine's tree."""

MOST_GROWTH = 100.0
"""How many times longer all that replaces and joins in an expression may make a text: of eight ``replace`` inside one
another that each put sixty characters for one, a single cell needs all memory."""

KEYWORDS = frozenset(
    "and as between case distinct else end false ilike in is like not null or regexp rlike then true when".split()
)
FUNCTIONS = frozenset(
    "abs bit_length btrim cast ceil ceiling char_length character_length coalesce concat concat_ws date "
    "date_part div ends_with exp floor greatest if ifnull initcap least left len length ln log log10 log2 "
    "lower ltrim mod nullif octet_length pow power regexp_like replace reverse right round rtrim sign "
    "split_part sqrt starts_with strftime strpos strptime substr substring try_cast upper".split()
)
TYPES = frozenset(
    "bigint bool boolean date datetime double float float4 float8 int int2 int4 int8 integer long numeric "
    "real smallint string text time timestamp tinyint varchar".split()
)
SEVERAL_ROWS = frozenset(
    "array_agg avg corr count covar covar_pop cume_dist dense_rank first first_value lag last last_value lead "
    "max median min ntile over percent_rank quantile_cont quantile_disc rank row_number stddev stdev sum "
    "total var variance".split()
)
QUERIES = frozenset(
    "all any except exists fetch from group having intersect into join lateral limit offset order partition "
    "select some table union unnest using values where window with".split()
)

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")+")
    | (?P<word>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<operator><=>|!~\*|!~|~\*|~|\^@|\|\||::|//|<=|>=|<>|!=|==|[=<>+\-*/%])
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
_VALUES = ("number", "text", "quoted", "column")
HELP = "write one condition on the columns of a row, such as  rating >= 4 AND brand = 'Acme'"


def row_expression(text: str) -> str:
    """The same expression, written anew from the words that were understood, columns in double quotes.

    :raises MappingError: for whatever is not of the grammar, with what was found and what is allowed.
    """
    if len(text) > MOST_CHARACTERS:
        raise _refused(text, f"{len(text):,} characters, the most are {MOST_CHARACTERS:,}")
    tokens = _tokens(text)
    if (growth := _growth(text, tokens)) > MOST_GROWTH:
        raise _refused(text, f"it could make a text {growth:,.0f} times longer; the most are {MOST_GROWTH:g}")
    written, depth, operators, ends_value = [], 0, 0, False
    for number, (kind, word) in enumerate(tokens):
        following = tokens[number + 1][1] if number + 1 < len(tokens) else ""
        preceding = tokens[number - 1][1].casefold() if number else ""
        if kind == "word":
            kind, word = _word(text, word, preceding, following)
        elif kind == "quoted" and following == "(":
            raise _refused(text, f"{word} is no function; the known ones are written without quotes")
        if ends_value and _begins_value(kind, word):
            raise _refused(text, f"an operator, or AND, OR, is missing between {tokens[number - 1][1]} and {word}")
        ends_value = _ends_value(kind, word)
        depth += (word == "(") - (word == ")") if kind == "mark" else 0
        operators += kind in ("operator", "keyword")
        if depth > MOST_BRACKETS or operators > MOST_OPERATORS:
            raise _refused(text, f"too long; the most are {MOST_OPERATORS} operators and brackets {MOST_BRACKETS} deep")
        written.append(word)
    return " ".join(written)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            rest = text[at:].strip()
            what = "this text has no end" if rest[:1] in "'\"" else "this is not understood"
            raise _refused(text, f"at character {at + 1}: {rest[:20]!r}: {what}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
        if text[at - 1 : at + 1] in ("--", "/*") and match.lastgroup == "operator":
            raise _refused(text, f"at character {at}: {text[at - 1 : at + 1]}: comments are not understood")
    return found


def _growth(text: str, tokens: list[tuple[str, str]]) -> float:
    """How many times longer a text could become by what replaces and joins, were each inside the one before."""
    growth = 1.0 + tokens.count(("operator", "||"))
    for number, (kind, word) in enumerate(tokens):
        called = word.casefold() if kind == "word" and tokens[number + 1 : number + 2] == [("mark", "(")] else ""
        if called in ("concat", "concat_ws"):
            growth *= len(_arguments(tokens, number + 2))
        elif called == "replace":
            growth *= _growth_of_replace(text, _arguments(tokens, number + 2))
    return growth


def _growth_of_replace(text: str, arguments: list[list[tuple[str, str]]]) -> float:
    told = arguments[1:]
    if len(told) != 2 or any(len(one) != 1 or one[0][0] != "text" for one in told):
        raise _refused(text, "replace: what is looked for, and what is put in its place, are 'in single quotes'")
    old, new = (len(one[0][1]) - 2 for one in told)
    return max(1.0, new / old if old else new + 1)


def _arguments(tokens: list[tuple[str, str]], start: int) -> list[list[tuple[str, str]]]:
    """The tokens of each argument of a function, from behind its bracket on."""
    found, depth = [list[tuple[str, str]]()], 0
    for token in tokens[start:]:
        depth += (token[1] == "(") - (token[1] == ")") if token[0] == "mark" else 0
        if depth < 0:
            break
        if depth == 0 and token == ("mark", ","):
            found.append([])
        else:
            found[-1].append(token)
    return found


def _word(text: str, word: str, preceding: str, following: str) -> tuple[str, str]:
    """What a bare word is, and how it is written: keyword, function, type or column."""
    folded = word.casefold()
    if folded in QUERIES and not (folded == "from" and preceding == "distinct"):
        raise _refused(
            text,
            f"{word}: no queries, nothing that reads another table, a file or an address; "
            f'a column of this name is written "{word}"',
        )
    if folded in SEVERAL_ROWS and (following == "(" or folded == "over"):
        raise _refused(text, f"{word}: it looks at more than one row at a time")
    if folded in KEYWORDS or folded == "from":
        return "keyword", folded.upper()
    if preceding in ("as", "::"):
        if folded not in TYPES:
            raise _refused(text, f"{word}: no type; {nearest(folded, sorted(TYPES))}")
        return "type", folded.upper()
    if following == "(":
        if folded not in FUNCTIONS:
            raise _refused(text, f"{word}: no function of one row; {nearest(folded, sorted(FUNCTIONS))}")
        return "function", folded.upper()
    return "column", f'"{word}"'


def _begins_value(kind: str, word: str) -> bool:
    return kind in _VALUES or kind == "function" or (word in ("TRUE", "FALSE", "NULL", "CASE") and kind == "keyword")


def _ends_value(kind: str, word: str) -> bool:
    """Whether a value may be complete here; the engine takes a second one for a name of the first, and says nothing."""
    return kind in _VALUES or kind == "type" or word == ")" or word in ("TRUE", "FALSE", "NULL", "END")


def _refused(text: str, why: str) -> MappingError:
    shown = text if len(text) <= 100 else f"{text[:97]}..."
    return MappingError(f"where {shown!r}: {why}; {HELP}")
