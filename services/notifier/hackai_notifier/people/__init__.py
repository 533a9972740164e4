"""Which chat may receive and command, and how it proves it."""
