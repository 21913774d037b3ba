"""Training vectors; the one room that needs torch and PyKEEN."""
