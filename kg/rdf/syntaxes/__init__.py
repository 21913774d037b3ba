"""The syntaxes of RDF: each gives the statements of a file, and what of it cannot be read."""
