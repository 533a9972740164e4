"""A person in front of the camera, not a picture of one: a passive model and an active challenge."""
