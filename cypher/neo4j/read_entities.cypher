// One record for 5,000 entities, with a list per column: several times as fast as one record per entity.
MATCH (n:{type})
WITH collect(n) AS entities
UNWIND range(0, size(entities) - 1, 5000) AS first
WITH entities[first..first + 5000] AS some
RETURN [n IN some | n.`id`] AS id, [n IN some | n.`label`] AS label[[, [n IN some | n.{property}] AS {property}]]
