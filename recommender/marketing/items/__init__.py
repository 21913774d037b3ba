"""Items: what becomes of one item, and which smallest change of it would bring it to more people."""
