"""The REST interface: what requests may ask, and the routes that answer them."""
