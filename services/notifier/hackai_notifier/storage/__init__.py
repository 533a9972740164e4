"""The SQLite database: one connection policy, one schema with migrations."""
