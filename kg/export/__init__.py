"""Graphs out of the store: RDF, GraphML, node-link JSON, neighbourhoods."""
