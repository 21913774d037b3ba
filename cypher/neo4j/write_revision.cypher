MERGE (n:`_whyrec` {`key`: 'revision'})
SET n.`value` = $revision
