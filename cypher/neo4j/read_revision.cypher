MATCH (n:`_whyrec` {`key`: 'revision'})
RETURN n.`value` AS revision
