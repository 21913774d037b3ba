"""Signing in by OpenID Connect: the provider of a shop's staff, the sessions of its console."""
