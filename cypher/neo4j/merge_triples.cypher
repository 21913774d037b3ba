// As create_triples, but a triple that is there already is not added again: whoever writes beside us may have added it,
// or we ourselves, where the answer to a COMMIT was lost and the transaction is repeated.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row[0]}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row[1]}) USING INDEX SEEK t:{tail}(`id`)
MERGE (h)-[r:{relation}]->(t)
SET r.`weight` = row[2], r.`timestamp` = row[3][[, r.{property} = row[{place}]]]
