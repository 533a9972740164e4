"""INT8: calibration, the two static variants, mixed precision. Needs no torch."""
