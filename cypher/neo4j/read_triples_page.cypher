// As read_triples, of $count heads in the order of their ids, from $from on; $skip is 1 where that one was read before.
// The hint makes the server follow the index instead of sorting all heads for each page.
MATCH (h:{head})
USING INDEX h:{head}(`id`)
WHERE h.`id` >= $from
WITH h ORDER BY h.`id` SKIP $skip LIMIT $count
WITH collect(h) AS heads
UNWIND range(0, size(heads) - 1, 500) AS first
WITH heads[first..first + 500] AS some
CALL (some) {
  UNWIND some AS h
  MATCH (h)-[r:{relation}]->(t:{tail})
  RETURN collect(h.`id`) AS head,
         collect(t.`id`) AS tail,
         collect(coalesce(toFloatOrNull(r.`weight`), r.`weight`, 1.0)) AS weight,
         collect([r.`timestamp`]) AS boxed[[,
         collect([r.{property}]) AS {property}]]
}
RETURN head AS head, tail AS tail, weight AS weight, [box IN boxed | box[0]] AS timestamp[[, [box IN {property} | head(box)] AS {property}]], some[-1].`id` AS last
