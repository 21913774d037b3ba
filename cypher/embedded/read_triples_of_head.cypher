// One head at a time: by equality the engine looks it up, by a list or a table of them it reads all heads.
MATCH (_h:{head})-[_r:{relation}]->(_t:{tail})
WHERE _h.`id` = $head
RETURN _h.`id` AS head, _t.`id` AS tail, _r.`weight` AS weight, _r.`timestamp` AS timestamp[[, _r.{property} AS {property}]]
