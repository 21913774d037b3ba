// A name with a leading underscore: no schema can hold it.
CREATE CONSTRAINT IF NOT EXISTS FOR (n:`_whyrec`) REQUIRE n.`key` IS UNIQUE
