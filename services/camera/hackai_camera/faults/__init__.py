"""Faults of cameras: what a picture looks like, what it normally looks like, and when the difference is a fault."""
