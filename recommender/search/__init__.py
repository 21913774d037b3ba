"""Search: entities by what people call them, and questions by the words of the schema."""
