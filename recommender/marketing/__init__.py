"""The shop's questions: whom a brand is for, what leads to it, what is missing, why an item is shown or not.

Every answer is about groups: counts of fewer than k people are hidden, and so are the complements of such groups.
"""
