LOAD FROM $rows
MATCH (_h:{head}) WHERE _h.`id` = `head`
MATCH (_t:{tail}) WHERE _t.`id` = `tail`
MATCH (_h)-[_r:{relation}]->(_t)
DELETE _r
