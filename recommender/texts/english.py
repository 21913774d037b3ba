"""English."""

from recommender.texts.language import Language


class English(Language):
    """English needs no grammar of its own: the phrases of a schema are written for it."""

    code = "en"
