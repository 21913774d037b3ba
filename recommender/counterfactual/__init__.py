"""Why not, and what if: changes that are verified by ranking anew."""
