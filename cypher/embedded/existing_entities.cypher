LOAD FROM $rows
MATCH (_n:{type}) WHERE _n.`id` = `id`
RETURN count(*) AS count
