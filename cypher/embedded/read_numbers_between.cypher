// Only here: Neo4j uses the numbers of deleted nodes again. From $first on and before $last.
MATCH (n:{type})
WHERE offset(id(n)) >= $first AND offset(id(n)) < $last
RETURN offset(id(n)) AS number, n.`id` AS id
