"""What lists bring, seen while they are given: attribution, drift, experiments, off-policy estimates, exploration."""
