"""The embedded store: a graph in one file."""
