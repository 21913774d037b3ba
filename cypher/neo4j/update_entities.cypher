// A null in the row removes the property.
UNWIND $rows AS row
MATCH (n:{type} {`id`: row.`id`}) USING INDEX SEEK n:{type}(`id`)
SET n += row
RETURN count(DISTINCT row.`id`) AS updated
