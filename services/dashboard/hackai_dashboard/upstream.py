"""The services behind the page, over HTTP: asked with the person's own token, else with the service token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr

TIMEOUT_S = 5.0
# Forty frames through the face models, or a model that is loaded and tried.
SLOW_TIMEOUT_S = 60.0


class ServiceOffline(Exception):
    """A service does not answer, or is not installed; ``service`` names it."""

    def __init__(self, service: str, reason: str) -> None:
        self.service = service
        super().__init__(f"{service} does not answer: {reason}")


class ServiceRefused(Exception):
    """A service said no; the message is for people, ``kind`` the short word of its problem document."""

    def __init__(self, service: str, status: int, kind: str, detail: str, headers: Mapping[str, str]) -> None:
        self.service = service
        self.status = status
        self.kind = kind
        self.headers = headers
        super().__init__(detail or f"{service} answered {status}")


class Upstream:
    """One client per service."""

    def __init__(self, urls: Mapping[str, str], service_token: SecretStr | None) -> None:
        self._token = service_token
        self._clients = {service: httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) for service, url in urls.items()}

    def knows(self, service: str) -> bool:
        """Return whether a service has an address."""
        return service in self._clients

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        token: SecretStr | None = None,
        extra_headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Return the successful answer of a service.

        Raises:
            ServiceOffline: it does not answer.
            ServiceRefused: it answers with an error.
        """
        client = self._client(service)
        headers = {**self._headers(token), **(extra_headers or {})}
        try:
            answer = await client.request(method, path, headers=headers, **options)
        except httpx.HTTPError as error:
            raise ServiceOffline(service, type(error).__name__) from error
        _raise_for_problem(service, answer)
        return answer

    async def json(self, service: str, path: str, **options: Any) -> Any:
        """Return the JSON of a GET; raises as :meth:`call`."""
        return (await self.call(service, "GET", path, **options)).json()

    @asynccontextmanager
    async def stream(self, service: str, path: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """Open a GET whose body is read piece by piece; raises as :meth:`call`."""
        client = self._client(service)
        timeout = httpx.Timeout(TIMEOUT_S, read=SLOW_TIMEOUT_S)
        try:
            async with client.stream("GET", path, headers=self._headers(None), timeout=timeout, **options) as answer:
                if answer.is_error:
                    await answer.aread()
                _raise_for_problem(service, answer)
                yield answer
        except httpx.HTTPError as error:
            raise ServiceOffline(service, type(error).__name__) from error

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()

    def _client(self, service: str) -> httpx.AsyncClient:
        if service not in self._clients:
            raise ServiceOffline(service, "it is not set up here")
        return self._clients[service]

    def _headers(self, token: SecretStr | None) -> dict[str, str]:
        secret = token or self._token
        return {"Authorization": f"Bearer {secret.get_secret_value()}"} if secret is not None else {}


def _raise_for_problem(service: str, answer: httpx.Response) -> None:
    if answer.is_success:
        return
    kind, detail = "", answer.reason_phrase
    if "json" in answer.headers.get("content-type", ""):
        try:
            problem = answer.json()
            kind = str(problem.get("type", "")).rpartition(":")[2]
            detail = str(problem.get("detail") or detail)
        except (ValueError, AttributeError):
            detail = answer.reason_phrase
    raise ServiceRefused(service, answer.status_code, kind, detail, answer.headers)
