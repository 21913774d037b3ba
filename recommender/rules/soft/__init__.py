"""Soft rules: what a shop puts forward, holds back or places; each adds a share of its own to a score."""
