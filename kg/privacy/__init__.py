"""People: pseudonyms, suppression, erasure and the search for traces."""
