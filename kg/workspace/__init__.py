"""Workspaces: the folder that holds configuration, store, snapshots and models."""
