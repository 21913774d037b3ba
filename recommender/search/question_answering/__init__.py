"""Questions in words: read by a grammar over the schema, and answered from the graph."""
