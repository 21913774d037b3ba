"""Pages and pictures of an answer."""
