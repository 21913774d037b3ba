"""Private answers: the shop's questions in numbers with noise, which may leave the house."""
