"""Pictures with labels, sources and groups; splits; leakage checks."""
