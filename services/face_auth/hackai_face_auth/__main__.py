"""``python -m hackai_face_auth``: run the service."""

from hackai_face_auth.main import main

main()
