"""Reasons: scores parted into groups as a person would, each told in one sentence, and which of them a list tells."""
