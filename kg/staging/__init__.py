"""What a load has read and not yet written."""
