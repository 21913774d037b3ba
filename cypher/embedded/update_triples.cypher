// Pairs are counted, not triples: a store that others wrote to may hold a pair twice.
// One MATCH per end: a single pattern, or MERGE, builds the product of both tables.
LOAD FROM $rows
MATCH (_h:{head}) WHERE _h.`id` = `head`
MATCH (_t:{tail}) WHERE _t.`id` = `tail`
MATCH (_h)-[_r:{relation}]->(_t)
SET _r.`weight` = `weight`, _r.`timestamp` = `timestamp`[[, _r.{property} = {property}]]
RETURN count(DISTINCT [`head`, `tail`]) AS updated
