// A row is a list: head, tail, weight, timestamp, and what is repeated has besides.
// Pairs are counted, not triples: a store that others wrote to may hold a pair twice, and that hides none that is missing.
// Hints and WITH hold the planner to two look-ups and one expansion, also when it knows an emptier graph.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row[0]}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row[1]}) USING INDEX SEEK t:{tail}(`id`)
WITH row, h, t
MATCH (h)-[r:{relation}]->(t)
SET r.`weight` = row[2], r.`timestamp` = row[3][[, r.{property} = row[{place}]]]
RETURN count(DISTINCT [row[0], row[1]]) AS updated
