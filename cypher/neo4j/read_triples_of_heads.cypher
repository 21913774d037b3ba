// A row is a list of a head. A record for each, with lists in it; collect() drops nulls, so what may be null is in a list
// of its own.
UNWIND $rows AS row
MATCH (h:{head} {`id`: row[0]}) USING INDEX SEEK h:{head}(`id`)
MATCH (h)-[r:{relation}]->(t:{tail})
WITH h, collect(t.`id`) AS tail, collect(coalesce(toFloatOrNull(r.`weight`), r.`weight`, 1.0)) AS weight, collect([r.`timestamp`]) AS boxed[[, collect([r.{property}]) AS {property}]]
RETURN [each IN tail | h.`id`] AS head, tail AS tail, weight AS weight, [box IN boxed | box[0]] AS timestamp[[, [box IN {property} | head(box)] AS {property}]]
