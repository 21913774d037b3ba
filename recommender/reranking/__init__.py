"""Lists arranged after scoring."""
