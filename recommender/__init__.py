"""Recommendation: metapaths, kernels, scorers, rules, ranking, explanation."""
