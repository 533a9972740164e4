"""Jobs on a queue: RQ carries them, Redis holds their state, a shared folder their files."""
