// The entities of some numbers, $first and those after it, before $last.
MATCH (n:{type})
WHERE offset(id(n)) >= $first AND offset(id(n)) < $last
RETURN n.`id` AS id, n.`label` AS label[[, n.{property} AS {property}]]
