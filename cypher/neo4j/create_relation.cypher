// Relations have no ends of their own here; a name that is known draws no warning where there is none yet.
CALL db.createRelationshipType({"relation"})
