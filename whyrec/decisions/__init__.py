"""What the staff of a shop decided: rules on top of the configuration, items reported and reviewed; all logged."""
