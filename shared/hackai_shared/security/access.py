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
ADMIN = Access(Role.ADMIN, service=True)
# What changes who may do what is for people alone: a service that was taken over must not make itself an administrator.
ADMIN_PERSON = Access(Role.ADMIN)
OWN_DATA = Access(Role.ADMIN, own="person_id")
OWN_SESSION = Access(Role.ADMIN, service=True, own="jti")
# Pages are looked at by people: a service has its own ways, and no browser.
VIEWER_PERSON = Access(Role.VIEWER)
OPERATOR_PERSON = Access(Role.OPERATOR)

_EVERY_SERVICE: Dict[str, Access] = {
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": VIEWER,
}

# FastAPI's own pages: they say what is in the source anyway.
_PAGES = ("GET /docs", "GET /docs/oauth2-redirect", "GET /openapi.json")

ENDPOINTS: Dict[str, Dict[str, Access]] = {
    "camera": {
        "GET /v1/cameras": VIEWER,
        "GET /v1/cameras/{camera_id}": VIEWER,
        "GET /v1/cameras/{camera_id}/snapshot.jpg": VIEWER,
        "GET /v1/cameras/{camera_id}/stream.mjpg": VIEWER,
        "GET /v1/cameras/{camera_id}/clip.mp4": VIEWER,
    },
    "inference": {
        "POST /v1/predict": VIEWER,
        "GET /v1/models": VIEWER,
        "GET /v1/models/{name}": VIEWER,
        "POST /v1/models/{name}/versions/{version}/activate": ADMIN,
        "POST /v1/models/{name}/rollback": ADMIN,
        "POST /v1/models/{name}/versions/{version}/shadow": ADMIN,
        "GET /v1/models/{name}/shadow": VIEWER,
        "DELETE /v1/models/{name}/shadow": ADMIN,
        "GET /v1/models/{name}/shadow/samples/{sample_id}": VIEWER,
        "POST /v1/models/{name}/promote": ADMIN,
        "POST /v1/models/{name}/versions/{version}/variants/{variant}/predict": VIEWER,
        "GET /v2": VIEWER,
        "GET /v2/health/live": PUBLIC,
        "GET /v2/health/ready": PUBLIC,
        "GET /v2/models/{name}": VIEWER,
        "GET /v2/models/{name}/ready": VIEWER,
        "GET /v2/models/{name}/versions/{version}": VIEWER,
        "GET /v2/models/{name}/versions/{version}/ready": VIEWER,
        "POST /v2/models/{name}/infer": VIEWER,
        "POST /v2/models/{name}/versions/{version}/infer": VIEWER,
    },
    "notifier": {
        "GET /v1/incidents": VIEWER,
        "GET /v1/incidents/{incident_id}": VIEWER,
        "GET /v1/incidents/{incident_id}/photo.jpg": VIEWER,
        "GET /v1/incidents/{incident_id}/frame.jpg": VIEWER,
        "GET /v1/incidents/{incident_id}/clip.mp4": VIEWER,
        "POST /v1/incidents/{incident_id}/acknowledge": OPERATOR,
        "POST /v1/incidents/{incident_id}/false-alarm": OPERATOR,
        "POST /v1/incidents/{incident_id}/undo-false-alarm": OPERATOR,
        "POST /v1/incidents/{incident_id}/snooze": OPERATOR,
        "POST /v1/snooze": OPERATOR,
        "POST /v1/unsnooze": OPERATOR,
        "GET /v1/outbox": VIEWER,
        "GET /v1/drills": VIEWER,
        "POST /v1/drills": OPERATOR,
    },
    "compression": {
        "GET /v1/jobs": VIEWER,
        "POST /v1/jobs": OPERATOR,
        "GET /v1/jobs/{job_id}": VIEWER,
        "POST /v1/jobs/{job_id}/cancel": OPERATOR,
        "GET /v1/jobs/{job_id}/events": VIEWER,
        "GET /v1/jobs/{job_id}/log": VIEWER,
        "GET /v1/jobs/{job_id}/artefacts": VIEWER,
        "GET /v1/jobs/{job_id}/artefacts/{path:path}": VIEWER,
        "GET /v1/jobs/{job_id}/report": VIEWER,
        "GET /v1/recipes/schema": VIEWER,
    },
    "dashboard": {
        "GET /static/{path:path}": PUBLIC,
        "GET /login": PUBLIC,
        "POST /login/challenge": PUBLIC,
        "POST /login/face": PUBLIC,
        "POST /login/code": PUBLIC,
        "POST /logout": VIEWER_PERSON,
        "POST /v1/login-codes": SERVICE,
        "GET /": VIEWER_PERSON,
        "GET /live/summary": VIEWER_PERSON,
        "GET /live/stream": VIEWER_PERSON,
        "GET /cameras/{camera_id}": VIEWER_PERSON,
        "GET /cameras/{camera_id}/snapshot.jpg": VIEWER_PERSON,
        "GET /cameras/{camera_id}/heat": VIEWER_PERSON,
        "GET /incidents": VIEWER_PERSON,
        "GET /incidents/{incident_id}": VIEWER_PERSON,
        "GET /incidents/{incident_id}/photo.jpg": VIEWER_PERSON,
        "GET /incidents/{incident_id}/frame.jpg": VIEWER_PERSON,
        "GET /incidents/{incident_id}/clip.mp4": VIEWER_PERSON,
        "POST /incidents/{incident_id}/acknowledge": OPERATOR_PERSON,
        "POST /incidents/{incident_id}/false-alarm": OPERATOR_PERSON,
        "POST /incidents/{incident_id}/undo-false-alarm": OPERATOR_PERSON,
        "POST /incidents/{incident_id}/snooze": OPERATOR_PERSON,
        "GET /models": VIEWER_PERSON,
        "GET /models/compare": VIEWER_PERSON,
        "POST /models/{name}/rollback": ADMIN_PERSON,
        "POST /models/{name}/promote": ADMIN_PERSON,
        "POST /models/{name}/versions/{version}/activate": ADMIN_PERSON,
        "GET /compression": VIEWER_PERSON,
        "POST /compression": OPERATOR_PERSON,
        "GET /compression/{job_id}": VIEWER_PERSON,
        "GET /compression/{job_id}/report": VIEWER_PERSON,
        "POST /compression/{job_id}/cancel": OPERATOR_PERSON,
        "GET /system": VIEWER_PERSON,
        "GET /people": ADMIN_PERSON,
        "POST /people": ADMIN_PERSON,
        "POST /people/check": ADMIN_PERSON,
        "POST /people/devices/forget": ADMIN_PERSON,
        "POST /people/{person_id}/role": ADMIN_PERSON,
        "POST /people/{person_id}/revoke": ADMIN_PERSON,
        "POST /people/{person_id}/delete": ADMIN_PERSON,
    },
    "face_auth": {
        "GET /.well-known/jwks.json": PUBLIC,
        "POST /v1/challenges": SERVICE,
        "POST /v1/sessions": SERVICE,
        "GET /v1/sessions": ADMIN_PERSON,
        "DELETE /v1/sessions/{jti}": OWN_SESSION,
        "POST /v1/verify": SERVICE,
        "POST /v1/enrolments": SERVICE,
        "POST /v1/invitations": ADMIN_PERSON,
        "POST /v1/devices/chats": SERVICE,
        "POST /v1/devices/browsers": SERVICE,
        "GET /v1/devices": ADMIN_PERSON,
        "DELETE /v1/devices/{client}": ADMIN_PERSON,
        "GET /v1/people": ADMIN_PERSON,
        "POST /v1/people": ADMIN_PERSON,
        "POST /v1/photos/check": ADMIN_PERSON,
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
    return endpoints_of(service).get(_plain(f"{method} {path}"))


def open_paths(service: str) -> "re.Pattern[str]":
    """Return what matches ``METHOD /path`` of the endpoints of a service that are open to anybody."""
    table = {**_EVERY_SERVICE, **ENDPOINTS.get(service, {})}
    templates = [endpoint for endpoint, access in table.items() if access.public]
    return re.compile("|".join(map(_template_pattern, [*templates, *_PAGES])))


def _template_pattern(template: str) -> str:
    parts = re.split(r"(\{[^}]+\})", template)
    return "".join(
        re.escape(part) if not part.startswith("{") else (".*" if part.endswith(":path}") else "[^/]+")
        for part in parts
    )


def endpoints_of(service: str) -> Mapping[str, Access]:
    """Return the whole table of one service, what every service has included, with paths as OpenAPI writes them."""
    table = {**_EVERY_SERVICE, **ENDPOINTS.get(service, {})}
    return {_plain(endpoint): access for endpoint, access in table.items()}


def _plain(endpoint: str) -> str:
    """Return a path template without the kinds of its parameters (``{path:path}``)."""
    return re.sub(r":\w+\}", "}", endpoint)
