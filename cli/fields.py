"""Fields as options: the library names what it takes by field, `max_price`, and the command line by option."""

import re

FLAGS = {
    "add": "--with",
    "remove": "--without",
    "anchors": "--anchor",
    "users": "--users",
    "embeddings": "--no-embeddings",
    "people": "--without-people",
    "paths": "PATH",
    "n": "-n",
}
"""Fields whose option is not their name."""
FIELD = re.compile(r"`([a-z][a-z_]*)`")


def flagged(text: str) -> str:
    """A message of the library in the words of the command line: `max_price` as --max-price."""
    return FIELD.sub(lambda found: FLAGS.get(found[1], "--" + found[1].replace("_", "-")), text)
