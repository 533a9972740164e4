"""Presentation attacks on the liveness check, and rendered heads to compare them with (ISO/IEC 30107-3 terms)."""
