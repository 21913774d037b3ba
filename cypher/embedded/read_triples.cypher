MATCH (h:{head})-[r:{relation}]->(t:{tail})
RETURN h.`id` AS head, t.`id` AS tail, r.`weight` AS weight, r.`timestamp` AS timestamp
