// A row is a list, which the server reads faster than a map: head, tail, weight, timestamp, and what is repeated has besides.
// The hints hold where the plan is older than the content. Into a relation that was empty: nothing is looked for.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row[0]}) USING INDEX SEEK h:{head}(`id`)
MATCH (t:{tail} {`id`: row[1]}) USING INDEX SEEK t:{tail}(`id`)
CREATE (h)-[:{relation} {`weight`: row[2], `timestamp`: row[3][[, {property}: row[{place}]]]}]->(t)
