// Of a list, as few triples are.
UNWIND $rows AS row
CREATE (:{type} {`id`: row.`id`, `label`: row.`label`[[, {property}: row.{property}]]})
RETURN count(*) AS created
