"""The items that may be recommended, their properties and attributes, and who used them."""
