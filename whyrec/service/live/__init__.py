"""Traffic while it flows: which model answers whom, what is drawn by lot, and what is watched."""
