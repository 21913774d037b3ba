"""RDF in and out: statements of Turtle, N-Triples and JSON-LD become entities and triples, and the other way round."""
