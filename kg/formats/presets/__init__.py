"""Presets: what the exports of well-known programs become; data, one file each."""
