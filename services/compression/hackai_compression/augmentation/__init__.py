"""How one labelled picture becomes many: geometry, light, camera faults, made-up lights.

All of it is NumPy and OpenCV on uint8 RGB; randomness comes in as a `numpy.random.Generator`.
"""
