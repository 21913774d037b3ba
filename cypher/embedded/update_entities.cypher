LOAD FROM $rows
MATCH (_n:{type}) WHERE _n.`id` = `id`
SET _n.`label` = `label`[[, _n.{property} = {property}]]
RETURN count(*) AS updated
