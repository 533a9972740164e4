"""Runs a recipe: step after step, each with its folder, each resumable."""
