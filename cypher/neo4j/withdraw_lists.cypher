UNWIND $ids AS id
MATCH (h:{head} {`id`: id}) USING INDEX SEEK h:{head}(`id`)
MATCH (h)-[r:RECOMMENDED]->()
DELETE r
