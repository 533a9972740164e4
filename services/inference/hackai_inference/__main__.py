"""``python -m hackai_inference``."""

from hackai_inference.main import main

main()
