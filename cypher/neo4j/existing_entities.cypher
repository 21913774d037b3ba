UNWIND $rows AS row
MATCH (n:{type} {`id`: row.`id`}) USING INDEX SEEK n:{type}(`id`)
RETURN count(DISTINCT n.`id`) AS count
