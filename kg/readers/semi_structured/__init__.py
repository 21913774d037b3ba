"""Files of objects with keys, which may be nested: JSON and XML."""
