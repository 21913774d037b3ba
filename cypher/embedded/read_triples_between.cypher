// As read_triples, of the heads of some numbers of read_numbers: $first and those after it, before $last.
MATCH (h:{head})-[r:{relation}]->(t:{tail})
WHERE offset(id(h)) >= $first AND offset(id(h)) < $last
RETURN offset(id(h)) AS head, offset(id(t)) AS tail, r.`weight` AS weight, r.`timestamp` AS timestamp
