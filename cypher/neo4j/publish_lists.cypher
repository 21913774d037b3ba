// A row is a list: user, item, rank, score, reason, model, time. The earlier list went in the same transaction.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row[0]}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row[1]}) USING INDEX SEEK t:{tail}(`id`)
CREATE (h)-[:RECOMMENDED {rank: row[2], score: row[3], reason: row[4], model: row[5], at: row[6]}]->(t)
