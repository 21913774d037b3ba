"""Lists that are made before anybody asks for them, and kept where every worker can give them."""
