ALTER TABLE {type} ADD {property} {kind}
