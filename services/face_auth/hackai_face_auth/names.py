"""Names of people: text for people to read, never a path, a query or a terminal command."""

from __future__ import annotations

import unicodedata

from hackai_face_auth.errors import NameInvalid

MAX_CHARS = 64
# Letters, marks, digits and what real names contain. No slash, no dot-dot, no control or bidirectional character.
_ALLOWED = set(" '-.,()’_")


def clean_name(text: str) -> str:
    """Return a name in normal form (NFC, single spaces).

    Raises:
        NameInvalid: empty, too long, or with characters that no name has.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise NameInvalid("the name is empty")
    if len(name) > MAX_CHARS:
        raise NameInvalid(f"the name has {len(name)} characters, {MAX_CHARS} are allowed")
    strange = sorted({c for c in name if not (unicodedata.category(c)[0] in "LMN" or c in _ALLOWED)})
    if strange or ".." in name:
        raise NameInvalid(f"the name contains {', '.join(map(repr, strange)) or repr('..')}")
    if not any(unicodedata.category(c)[0] == "L" for c in name):
        raise NameInvalid("the name has no letter")
    return name


def name_key(name: str) -> str:
    """Return what two spellings of one name have in common."""
    return unicodedata.normalize("NFKC", name).casefold()
