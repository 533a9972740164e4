"""``hackai calibrate``: the threshold of a camera for a declared budget of false alarms, on its own quiet footage."""
