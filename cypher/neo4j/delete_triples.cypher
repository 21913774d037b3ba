// A row is a list: head, tail.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row[0]}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row[1]}) USING INDEX SEEK t:{tail}(`id`)
WITH h, t
MATCH (h)-[r:{relation}]->(t)
DELETE r
