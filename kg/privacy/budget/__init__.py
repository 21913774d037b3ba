"""The budget of privacy: what differentially private releases cost, and who pays from it together."""
