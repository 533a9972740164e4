"""Model packages in memory: versions, registry, cache, what each model says of one picture."""
