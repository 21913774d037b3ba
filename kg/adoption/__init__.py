"""Adoption: a graph that other tools loaded into Neo4j, read as it is and never written to."""
