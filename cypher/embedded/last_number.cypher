// The highest number of an entity; null where there is no entity.
MATCH (n:{type})
RETURN max(offset(id(n))) AS number
