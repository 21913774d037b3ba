// Of a list: a frame has the engine import pandas, where that is installed, which takes longer than a few triples do.
UNWIND $rows AS row
MATCH (_h:{head}) WHERE _h.`id` = row.`head`
MATCH (_t:{tail}) WHERE _t.`id` = row.`tail`
CREATE (_h)-[:{relation} {`weight`: row.`weight`, `timestamp`: CAST(row.`timestamp` AS INT64)[[, {property}: CAST(row.{property} AS INT64)]]}]->(_t)
RETURN count(*) AS created
