MATCH (n:`_whyrec`)
WHERE n.`key` STARTS WITH $prefix
RETURN n.`key` AS `key`, n.`value` AS `value`
