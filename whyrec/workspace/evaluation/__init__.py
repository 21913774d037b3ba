"""How good a workspace's models are: evaluations and experiments."""
