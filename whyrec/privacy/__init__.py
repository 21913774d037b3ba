"""Rights of the people whose data a workspace holds: erasure, access, pseudonyms, retention, noise."""
