"""What is known of a user, and how much each anchor weighs."""
