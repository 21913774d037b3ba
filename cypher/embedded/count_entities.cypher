MATCH (n:{type})
RETURN count(n) AS count
