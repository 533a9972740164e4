"""The face service's part of the ``hackai`` command."""
