"""Rules: which items may not be recommended, and what may not be told."""
