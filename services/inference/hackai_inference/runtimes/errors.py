"""What can be wrong with a runtime before it runs anything."""

from __future__ import annotations


class RuntimeUnavailable(ValueError):
    """The configured runtime cannot be used on this machine; the message says why and what to do."""
