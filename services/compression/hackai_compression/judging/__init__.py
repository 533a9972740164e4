"""What an exported file is worth, in the runtime that serves it. Needs no torch."""
