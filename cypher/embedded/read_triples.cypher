// The ends as numbers of read_numbers: twice as fast as looking up two strings for each triple.
MATCH (h:{head})-[r:{relation}]->(t:{tail})
RETURN offset(id(h)) AS head, offset(id(t)) AS tail, r.`weight` AS weight, r.`timestamp` AS timestamp
