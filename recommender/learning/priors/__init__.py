"""What weights are taken to be before anybody shows them."""
