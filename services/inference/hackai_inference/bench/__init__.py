"""``hackai bench``: how fast each model is in each precision on this machine, and the gate that INT8 must pass."""
