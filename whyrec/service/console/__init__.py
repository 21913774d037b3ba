"""The console: pages for people who know neither ids nor graphs."""
