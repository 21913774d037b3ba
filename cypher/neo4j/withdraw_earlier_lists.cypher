// Lists of people who were not among those that were published last: so many at a time.
MATCH (:{head})-[r:RECOMMENDED]->()
WHERE r.at < $at
WITH r LIMIT 10000
DELETE r
RETURN count(r) AS withdrawn
