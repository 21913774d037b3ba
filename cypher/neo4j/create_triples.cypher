// A row is a list, which the server reads faster than a map: head, tail, weight, timestamp.
// The hints hold where the plan is older than the content. MERGE, so that a transaction that the driver repeats adds nothing twice.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row[0]}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row[1]}) USING INDEX SEEK t:{tail}(`id`)
MERGE (h)-[r:{relation}]->(t)
SET r.`weight` = row[2], r.`timestamp` = row[3]
