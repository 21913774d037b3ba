LOAD FROM $rows
MATCH (_h:{head}) WHERE _h.`id` = `head`
MATCH (_h)-[_r:{relation}]->(_t:{tail})
RETURN _h.`id` AS head, _t.`id` AS tail, _r.`weight` AS weight, _r.`timestamp` AS timestamp
