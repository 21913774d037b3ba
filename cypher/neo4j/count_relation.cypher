// Whatever the ends: the server keeps this count, and looks at no relationship.
MATCH ()-[r:{relation}]->()
RETURN count(r) AS count
