"""Bridges: what leads from one domain to another, item by item and maker by maker."""
