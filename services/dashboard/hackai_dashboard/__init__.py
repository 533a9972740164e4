"""The page on the box: what the cameras see, what happened, and what people may do about it."""
