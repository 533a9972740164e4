"""The compression worker: train, distil, prune, quantize, export and judge fire models.

Two faces: everything that judges a model imports no torch; `networks`, `training` and
`exporting.export` need the `torch` extra and are imported only by the steps that use them.
"""
