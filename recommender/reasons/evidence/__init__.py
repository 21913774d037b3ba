"""Evidence: what lies between anchors and an item, and what of it may be told."""
