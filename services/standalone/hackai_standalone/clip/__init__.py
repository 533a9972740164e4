"""The bundled demonstration clip: rendered by this code, nothing in it was filmed."""
