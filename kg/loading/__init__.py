"""Loading: from files to a store, and nothing lost on the way."""
