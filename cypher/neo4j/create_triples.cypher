// The hints hold where the plan is older than the content. MERGE, so that a transaction that the driver repeats adds nothing twice.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row.`head`}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row.`tail`}) USING INDEX SEEK t:{tail}(`id`)
MERGE (h)-[r:{relation}]->(t)
SET r.`weight` = row.`weight`, r.`timestamp` = row.`timestamp`
