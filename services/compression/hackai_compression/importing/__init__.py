"""Detectors that were trained elsewhere, as packages of ours. Needs no torch and no code of theirs."""
