MATCH (h:{head} {`id`: $id}) USING INDEX SEEK h:{head}(`id`)
MATCH (h)-[r:RECOMMENDED]->(t)
RETURN t.`id`, r.rank, r.score, r.reason, r.model, r.at
ORDER BY r.rank
