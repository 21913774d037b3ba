"""The knowledge graph: schema, files, stores, snapshot."""
