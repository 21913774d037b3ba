// Writing to the node locks it until the transaction ends: batches of triples of several loads come one after the other.
MERGE (n:`_whyrec` {`key`: 'revision'})
SET n.`key` = 'revision'
