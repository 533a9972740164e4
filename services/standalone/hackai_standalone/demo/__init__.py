"""``hackai demo``: the main job on one source, from the picture to the delivered alarm."""
