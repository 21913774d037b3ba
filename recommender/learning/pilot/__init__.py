"""The pilot: whether vectors are worth their time, for whom, and when to stop training them."""
