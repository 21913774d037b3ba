// Properties have no type here; a key that is known draws no warning where nobody has it yet.
CALL db.createProperty({"property"})
