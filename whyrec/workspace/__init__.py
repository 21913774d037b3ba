"""What is done to a workspace: made, loaded, trained, evaluated, looked at."""
