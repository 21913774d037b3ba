"""Files that need no mapping: their names, headers or format say what they hold."""
