"""The bundled example: courses and cosmetics, with planted tastes and a dozen bad rows."""
