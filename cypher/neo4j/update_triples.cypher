// Hints and WITH hold the planner to two look-ups and one expansion, also when it knows an emptier graph.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row.`head`}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row.`tail`}) USING INDEX SEEK t:{tail}(`id`)
WITH row, h, t
MATCH (h)-[r:{relation}]->(t)
SET r.`weight` = row.`weight`, r.`timestamp` = row.`timestamp`
RETURN count(*) AS updated
