"""Who is enrolled: people and encrypted templates in SQLite, an index in memory."""

from hackai_face_auth.gallery.index import GalleryIndex
from hackai_face_auth.gallery.records import Person, Template
from hackai_face_auth.gallery.store import GalleryStore

__all__ = ["GalleryIndex", "GalleryStore", "Person", "Template"]
