"""Who calls and what they may: session tokens checked offline, the service token, roles per endpoint, one gate."""

from hackai_shared.security.access import ENDPOINTS, Access, access_for, endpoints_of
from hackai_shared.security.errors import KeysUnavailable, SecretInvalid, SecurityError, TokenInvalid
from hackai_shared.security.gate import GUARDS, Gate, install_gate, principal_of
from hackai_shared.security.keys import KeySet, file_reader, http_reader, key_id, to_jwk
from hackai_shared.security.principal import Principal
from hackai_shared.security.revocations import RevocationList, publish_revoked
from hackai_shared.security.roles import Role
from hackai_shared.security.service_token import ServiceToken, new_service_token
from hackai_shared.security.tokens import SessionClaims, sign_session, verify_session

__all__ = [
    "ENDPOINTS",
    "GUARDS",
    "Access",
    "Gate",
    "KeySet",
    "KeysUnavailable",
    "Principal",
    "RevocationList",
    "Role",
    "SecretInvalid",
    "SecurityError",
    "ServiceToken",
    "SessionClaims",
    "TokenInvalid",
    "access_for",
    "endpoints_of",
    "file_reader",
    "http_reader",
    "install_gate",
    "key_id",
    "new_service_token",
    "principal_of",
    "publish_revoked",
    "sign_session",
    "to_jwk",
    "verify_session",
]
