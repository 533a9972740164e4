"""``python -m hackai_dashboard``."""

from hackai_dashboard.main import main

main()
