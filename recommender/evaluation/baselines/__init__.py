"""What a model is compared with."""
