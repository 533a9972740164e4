"""``python -m hackai_camera``."""

from hackai_camera.main import main

main()
