"""CSV and TSV: physical lines cut into cells."""
