// Only here: Neo4j uses the numbers of deleted nodes again.
MATCH (n:{type})
RETURN offset(id(n)) AS number, n.`id` AS id
