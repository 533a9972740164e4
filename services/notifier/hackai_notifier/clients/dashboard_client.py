"""The dashboard over HTTP: asks for a code that logs a browser in."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import BaseModel

from hackai_shared.security.roles import Role


class DashboardUnavailable(Exception):
    """The dashboard did not answer, or gave no code."""


class LoginCode(BaseModel):
    """A code that opens one session, once."""

    code: str
    expires_in_s: float


class DashboardClient:
    """Vouches for people to the dashboard."""

    def __init__(self, url: str, service_token: str | None) -> None:
        headers = {"Authorization": f"Bearer {service_token}"} if service_token else {}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=5.0)

    async def code_for_session(self, token: str) -> LoginCode:
        """Return a code for the person of a session token.

        Raises:
            DashboardUnavailable: see there.
        """
        return await self._ask({"token": token})

    async def code_for_chat(self, chat_id: int, name: str, role: Role) -> LoginCode:
        """Return a code for a chat that the configuration names.

        Raises:
            DashboardUnavailable: see there.
        """
        return await self._ask({"subject": f"telegram:{chat_id}", "name": name[:80], "role": role.value})

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _ask(self, voucher: dict[str, Any]) -> LoginCode:
        try:
            answer = await self._http.post("/v1/login-codes", json=voucher)
            answer.raise_for_status()
            return LoginCode.model_validate_json(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise DashboardUnavailable(f"the dashboard gives no code now ({type(error).__name__})") from error
