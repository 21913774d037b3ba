// The ends as numbers: twice as fast as looking up two strings for each triple.
// Of the heads of some numbers: $first and those after it, before $last.
MATCH (h:{head})-[r:{relation}]->(t:{tail})
WHERE offset(id(h)) >= $first AND offset(id(h)) < $last
RETURN offset(id(h)) AS head, offset(id(t)) AS tail, r.`weight` AS weight, r.`timestamp` AS timestamp[[, r.{property} AS {property}]]
