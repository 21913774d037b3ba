"""How RDF terms and the schema stand for each other."""
