"""Who may call what: every HTTP endpoint of every service, in one table.

An endpoint that is not here is refused for everybody: forgetting one closes it. Tests compare this table with the
OpenAPI document of each service, in both directions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Mapping, Optional

from hackai_shared.security.principal import Principal
from hackai_shared.security.roles import Role


@dataclass(frozen=True)
class Access:
    """What one endpoint asks for.

    ``role`` is the least role of a person (None: no person by role), ``service`` whether the service token will do,
    ``own`` the path parameter that also opens the endpoint to the person (``person_id``) or session (``jti``) it names.
    """

    role: Optional[Role] = None
    service: bool = False
    own: Optional[str] = None
    public: bool = False

    def allows(self, principal: Principal, path: Mapping[str, str]) -> bool:
        """Return whether a proven caller may pass."""
        if self.public:
            return True
        if principal.kind == "service":
            return self.service
        if self.role is not None and principal.role is not None and principal.role.covers(self.role):
            return True
        if self.own is None or self.own not in path:
            return False
        return path[self.own] == (principal.jti if self.own == "jti" else principal.subject)

    def __str__(self) -> str:
        if self.public:
            return "anybody"
        parts = [f"the role {self.role.value}"] if self.role is not None else []
        parts += [f"the {'person' if self.own == 'person_id' else 'session'} named in the path"] if self.own else []
        parts += ["a service of this installation"] if self.service else []
        return " or ".join(parts) or "nobody"


PUBLIC = Access(public=True)
SERVICE = Access(service=True)
VIEWER = Access(Role.VIEWER, service=True)
OPERATOR = Access(Role.OPERATOR, service=True)
# What changes who may do what is for people alone: a service that was taken over must not make itself an administrator.
ADMIN_PERSON = Access(Role.ADMIN)
OWN_DATA = Access(Role.ADMIN, own="person_id")
OWN_SESSION = Access(Role.ADMIN, service=True, own="jti")

_EVERY_SERVICE: Dict[str, Access] = {
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": VIEWER,
}

# FastAPI's own pages: they say what is in the source anyway.
_PAGES = ("GET /docs", "GET /docs/oauth2-redirect", "GET /openapi.json")

ENDPOINTS: Dict[str, Dict[str, Access]] = {
    "face_auth": {
        "GET /.well-known/jwks.json": PUBLIC,
        "POST /v1/challenges": SERVICE,
        "POST /v1/sessions": SERVICE,
        "GET /v1/sessions": ADMIN_PERSON,
        "DELETE /v1/sessions/{jti}": OWN_SESSION,
        "POST /v1/verify": SERVICE,
        "POST /v1/enrolments": SERVICE,
        "GET /v1/people": ADMIN_PERSON,
        "POST /v1/people": ADMIN_PERSON,
        "GET /v1/people/{person_id}": OWN_DATA,
        "PATCH /v1/people/{person_id}": ADMIN_PERSON,
        "DELETE /v1/people/{person_id}": OWN_DATA,
        "POST /v1/people/{person_id}/photos": ADMIN_PERSON,
        "DELETE /v1/people/{person_id}/photos/{photo_id}": ADMIN_PERSON,
        "GET /v1/people/{person_id}/export": OWN_DATA,
        "DELETE /v1/people/{person_id}/sessions": OWN_DATA,
    },
}


def access_for(service: str, method: str, path: str) -> Optional[Access]:
    """Return what the endpoint ``method path`` (path template) asks for; None where the table does not know it."""
    endpoint = f"{method} {path}"
    return ENDPOINTS.get(service, {}).get(endpoint) or _EVERY_SERVICE.get(endpoint)


def open_paths(service: str) -> "re.Pattern[str]":
    """Return what matches ``METHOD /path`` of the endpoints of a service that are open to anybody."""
    templates = [endpoint for endpoint, access in endpoints_of(service).items() if access.public]
    return re.compile("|".join(map(_template_pattern, [*templates, *_PAGES])))


def _template_pattern(template: str) -> str:
    parts = re.split(r"(\{[^}]+\})", template)
    return "".join(
        re.escape(part) if not part.startswith("{") else (".*" if part.endswith(":path}") else "[^/]+")
        for part in parts
    )


def endpoints_of(service: str) -> Mapping[str, Access]:
    """Return the whole table of one service, what every service has included."""
    return {**_EVERY_SERVICE, **ENDPOINTS.get(service, {})}
