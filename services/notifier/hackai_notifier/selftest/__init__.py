"""Canaries, drills, daily summary and notices about the watch itself."""
