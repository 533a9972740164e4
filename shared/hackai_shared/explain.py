"""Says in words what a value of the wrong form should look like, where pydantic quotes a regular expression."""

from __future__ import annotations

import re
from typing import Any

from hackai_shared.redaction import redact

# Every pattern of the product with its words.
_LEADING = re.compile(r"^Value error, ")
FORMS = {
    r"^[a-z0-9][a-z0-9_-]{0,62}$": "use lower case, digits, hyphens and underscores, at most 63 of them",
    r"^[a-z0-9][a-z0-9_-]{0,40}$": "use lower case, digits, hyphens and underscores, at most 41 of them",
    r"^[a-z0-9][a-z0-9-]{0,62}$": "use lower case, digits and hyphens, at most 63 of them",
    r"^[a-z0-9][a-z0-9_.-]{0,62}$": "use lower case, digits, dots, hyphens and underscores, at most 63",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$": "use a plain file name: letters, digits, dots, hyphens and underscores",
    r"^([01]\d|2[0-3]):[0-5]\d$": 'use hours and minutes in quotes, such as "08:00"',
    r"^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?$": "use a name or an address in lower case, without https:// and port",
    r"^[0-9a-f]{64}$": "use a SHA-256 in 64 hexadecimal digits",
}
UNKNOWN = "this form is not allowed"


def explain(details: Any) -> str:
    """Return the message of one error of a pydantic ``ValidationError``, in words."""
    if details["type"] == "string_pattern_mismatch":
        return FORMS.get(details["ctx"]["pattern"], UNKNOWN)
    return redact(_LEADING.sub("", str(details["msg"])))
