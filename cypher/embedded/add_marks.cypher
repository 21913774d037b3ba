// A mark that is there stays as it is: whoever was first has said it.
UNWIND $rows AS row
MERGE (n:`_whyrec` {`key`: row[1]})
ON CREATE SET n.`value` = row[2]
