LOAD FROM $rows
MATCH (_n:{type}) WHERE _n.`id` = `id`
DETACH DELETE _n
