"""How good the recognition is, measured on folders of photos."""
