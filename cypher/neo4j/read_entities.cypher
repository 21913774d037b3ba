MATCH (n:{type})
RETURN n.`id` AS id, n.`label` AS label[[, n.{property} AS {property}]]
