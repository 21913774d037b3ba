"""The Cypher statements of the stores: one folder per dialect, the same file names, parameters and result columns.

``kg/stores/queries.py`` explains the placeholders and fills them in.
"""
