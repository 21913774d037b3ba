UNWIND $rows AS row
MATCH (h:{head} {`id`: row.`head`}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row.`tail`}) USING INDEX SEEK t:{tail}(`id`)
WITH h, t
MATCH (h)-[r:{relation}]->(t)
DELETE r
