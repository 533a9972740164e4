"""What every HackAI service shares; it imports no service."""

__version__ = "0.1.0"
