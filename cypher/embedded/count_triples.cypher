MATCH (h:{head})-[r:{relation}]->(t:{tail})
RETURN count(r) AS count
