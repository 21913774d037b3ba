"""What people did since the last load: the log, and how it is taken over."""
