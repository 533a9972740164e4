"""HTTP clients of the other services."""
