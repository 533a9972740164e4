"""Opening a model package and running it: the one code path that both serves and judges."""
