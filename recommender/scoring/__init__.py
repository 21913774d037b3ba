"""Scores: kernels, embedding and popularity blended, exact to the share."""
