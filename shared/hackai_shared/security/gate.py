"""The one dependency that guards every endpoint: a token that holds, and a role that may."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Awaitable, Callable, Container, List, MutableMapping, Optional

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import Counter
from typing_extensions import Annotated

from hackai_shared.metrics import Metrics
from hackai_shared.problems import Problem, problem_response
from hackai_shared.security.access import access_for, open_paths
from hackai_shared.security.errors import KeysUnavailable, TokenInvalid
from hackai_shared.security.keys import KeySet
from hackai_shared.security.open_answer import OpenAnswer
from hackai_shared.security.principal import Principal
from hackai_shared.security.service_token import ServiceToken
from hackai_shared.security.tokens import LEEWAY_S, SessionClaims, unverified_key_id, verify_session

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Where the middleware leaves the caller for the dependency.
_PRINCIPAL = "hackai.principal"

_BEARER = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="a session token of the face service, or the service token"
)


class Gate:
    """Decides for one service who may pass.

    Public keys and the list of revoked sessions are local copies: a decision costs one signature check and no network,
    except for the first token of a key that is not known yet.
    """

    def __init__(
        self,
        service: str,
        *,
        keys: KeySet,
        service_token: ServiceToken,
        revoked: Container[str] = (),
        metrics: Optional[Metrics] = None,
    ) -> None:
        self.service = service
        self._keys = keys
        self._service_token = service_token
        self._revoked = revoked
        self._refused: Optional[Counter] = (
            metrics.counter("requests_refused", "Requests refused at the gate", ["reason"]) if metrics else None
        )

    async def identify(self, token: str) -> Principal:
        """Return whom a bearer token proves.

        Raises:
            TokenInvalid: nobody.
        """
        if self._service_token.matches(token):
            return Principal("service", "service", "service")
        return (await self.claims_of(token)).principal()

    async def claims_of(self, token: str) -> SessionClaims:
        """Return what a session token says.

        Raises:
            TokenInvalid: it does not hold.
        """
        kid = unverified_key_id(token)
        if self._keys.get(kid) is None:
            await self._learn_keys()
        claims = verify_session(token, self._keys)
        if claims.jti in self._revoked:
            raise TokenInvalid("revoked", "the session was ended; log in again")
        return claims

    def rights_hold(self, scope: Scope) -> bool:
        """Return whether the caller of a request that is being answered may still be answered: not ended, not over."""
        principal: Optional[Principal] = scope.get(_PRINCIPAL)
        if principal is None or principal.kind == "service":
            return True
        over = principal.expires_at is not None and principal.expires_at + LEEWAY_S <= time.time()
        return not over and principal.jti not in self._revoked

    async def authenticate(self, token: Optional[str]) -> Principal:
        """Return whom the token of a request proves.

        Raises:
            Problem: 401 for nobody.
        """
        if token is None:
            raise self._refuse(401, "missing", "send a session token or the service token as a bearer token")
        try:
            return await self.identify(token)
        except TokenInvalid as error:
            raise self._refuse(401, error.reason, str(error)) from error

    async def check(self, request: Request, token: Optional[str]) -> Optional[Principal]:
        """Return who calls an endpoint; None where it is open to anybody and nobody said who they are.

        Raises:
            Problem: 401 without a token that holds, 403 where the caller may not.
        """
        template = str(getattr(request.scope.get("route"), "path", request.url.path))
        # A HEAD that a GET route answers is judged as the GET.
        method = "GET" if request.method == "HEAD" else request.method
        access = access_for(self.service, method, template)
        if access is not None and access.public:
            return None
        principal = request.scope.get(_PRINCIPAL) or await self.authenticate(token)
        if access is None:
            log.error("endpoint is not in the access table, refused", endpoint=f"{request.method} {template}")
            raise self._refuse(403, "unlisted", "this endpoint is open to nobody")
        if not access.allows(principal, {key: str(value) for key, value in request.path_params.items()}):
            raise self._refuse(403, "role", f"this needs {access}")
        return principal

    async def _learn_keys(self) -> None:
        try:
            # Blocks on a file or on the network: not in the event loop (asyncio.to_thread is not in Python 3.8).
            await asyncio.get_running_loop().run_in_executor(None, self._keys.refresh)
        except KeysUnavailable as error:
            log.warning("public keys of the face service unavailable, sessions are refused", error=str(error))

    def _refuse(self, status: int, reason: str, detail: str) -> Problem:
        if self._refused is not None:
            self._refused.labels(reason).inc()
        headers = {"WWW-Authenticate": 'Bearer realm="hackai"'} if status == 401 else None
        return Problem(status, detail, kind="unauthenticated" if status == 401 else "forbidden", headers=headers)


class TokenFirst:
    """ASGI middleware: who has no token that holds is turned away before the body of the request is read.

    An answer that takes long (a live view) ends when the rights of its reader do.

    Roles are checked by :func:`guard`, which knows the endpoint; FastAPI reads bodies before it asks dependencies.
    """

    def __init__(self, app: Any, gate: Gate) -> None:
        self._app = app
        self._gate = gate
        self._open = open_paths(gate.service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the caller in its scope, or answer 401."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        method = {"HEAD": "GET"}.get(scope.get("method", "GET"), scope.get("method", "GET"))
        if self._open.fullmatch(f"{method} {scope['path']}") is None:
            try:
                scope[_PRINCIPAL] = await self._gate.authenticate(_bearer_token(scope))
            except Problem as problem:
                answer = problem_response(
                    problem.status,
                    problem.detail,
                    kind=problem.kind,
                    # What is left of the body is not read.
                    headers={**(problem.headers or {}), "connection": "close"},
                )
                await answer(scope, receive, send)
                return
            if method == "GET":
                answer_to = OpenAnswer(send)
                await answer_to.while_it_holds(
                    self._app(scope, receive, answer_to.send), lambda: self._gate.rights_hold(scope)
                )
                return
        await self._app(scope, receive, send)


def _bearer_token(scope: Scope) -> Optional[str]:
    header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def guard(
    request: Request, credentials: Annotated[Optional[HTTPAuthorizationCredentials], Depends(_BEARER)]
) -> None:
    """FastAPI dependency: let the request pass or raise a :class:`Problem`; the caller is in ``request.state``.

    Without a gate in the application nobody passes: a service that forgot to make one is closed, not open.
    """
    gate: Optional[Gate] = getattr(request.app.state, "gate", None)
    if gate is None:
        raise Problem(503, "the service has no gate yet", kind="no-gate")
    request.state.principal = await gate.check(request, credentials.credentials if credentials else None)


GUARDS: List[Any] = [Depends(guard)]


def install_gate(app: FastAPI, gate: Gate) -> None:
    """Give an application made with ``dependencies=GUARDS`` its gate; to be called after its other middlewares."""
    app.state.gate = gate
    app.add_middleware(TokenFirst, gate=gate)


async def principal_of(request: Request) -> Principal:
    """FastAPI dependency: the caller that the gate has let pass.

    Raises:
        Problem: 401 on an endpoint that the gate leaves open.
    """
    principal: Optional[Principal] = getattr(request.state, "principal", None)
    if principal is None:
        raise Problem(401, "this endpoint needs to know who calls", kind="unauthenticated")
    return principal
