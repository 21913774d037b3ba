// As read_entities, of $count entities in the order of their ids, from $from on; $skip is 1 where that one was read
// before. The hint makes the server follow the index instead of sorting all entities for each page.
MATCH (n:{type})
USING INDEX n:{type}(`id`)
WHERE n.`id` >= $from
WITH n ORDER BY n.`id` SKIP $skip LIMIT $count
WITH collect(n) AS entities
UNWIND range(0, size(entities) - 1, 5000) AS first
WITH entities[first..first + 5000] AS some
RETURN [n IN some | n.`id`] AS id, [n IN some | n.`label`] AS label[[, [n IN some | n.{property}] AS {property}]]
