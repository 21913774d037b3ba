UNWIND $rows AS row
CREATE (n:{type})
SET n = row
