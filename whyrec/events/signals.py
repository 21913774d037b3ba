"""Signals: what people do that is no relation of the graph."""

SIGNALS = ("view", "click", "add", "hide", "dislike", "show")
"""Kept for attribution; what is hidden or disliked stays off the person's lists until ``show`` takes that back."""
LASTING = ("hide", "dislike", "show")
"""They hold after a load too: nothing takes them over, since the graph has no place for them."""
USES = ("purchase", "enrol", "rate")
"""What shops call it that somebody uses an item, whatever the relation is called."""
