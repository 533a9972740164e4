"""Devices: chats that are invited, browsers that are paired, and how they end. Invitations."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from hackai_face_auth.api.bodies import (
    BrowserRequest,
    ChatRequest,
    DeviceView,
    Invitation,
    InvitationRequest,
    PairedBrowser,
)
from hackai_face_auth.api.context import Edge
from hackai_face_auth.api.throttle import throttled_code
from hackai_face_auth.login import actor_of
from hackai_shared.problems import Problem
from hackai_shared.security import Principal, principal_of

Caller = Annotated[Principal, Depends(principal_of)]
ClientPath = Annotated[str, Path(pattern=r"^[a-z]{1,16}:[A-Za-z0-9._:@-]{1,100}$")]


def device_routes(edge: Edge) -> APIRouter:
    """Return the endpoints of devices."""
    router = APIRouter(tags=["devices"])
    core = edge.core

    @router.post("/v1/invitations", status_code=201, summary="A one-time code that lets somebody in")
    async def invite(body: InvitationRequest, caller: Caller) -> Invitation:
        seconds = 3600 * body.hours
        code = await edge.run(lambda: core.codes.issue(body.role, expires_at=time.time() + seconds))
        core.audit.record(caller.actor(), "invite", "allowed", detail=body.role.value)
        return Invitation(code=code, expires_in_s=seconds)

    @router.post("/v1/devices/chats", status_code=201, summary="Let in a chat that shows an invitation")
    async def admit(body: ChatRequest) -> DeviceView:
        with throttled_code(edge, body.client, "admit-chat"):
            await edge.run(lambda: core.codes.use(body.code, time.time(), enrolling=False))
        device = await edge.run(lambda: core.devices.admit_chat(body.client, vouched_by="invitation"))
        core.audit.record(actor_of(body.client), "admit-chat", "allowed")
        return DeviceView.of(device)

    @router.post("/v1/devices/browsers", status_code=201, summary="Pair a browser that somebody vouches for")
    async def pair(body: BrowserRequest) -> PairedBrowser:
        device, secret = await edge.run(
            lambda: core.devices.pair_browser(
                vouched_by=body.vouched_by, person_id=body.person_id, label=body.label.strip()
            )
        )
        detail = f"vouched for by {device.vouched_by}"
        core.audit.record(actor_of(device.client), "pair-browser", "allowed", target=device.person_id, detail=detail)
        return PairedBrowser(client=device.client, secret=secret, expires_at=device.expires_at)

    @router.get("/v1/devices", summary="Chats and browsers that may ask for a challenge")
    async def devices() -> list[DeviceView]:
        return [DeviceView.of(device) for device in await edge.run(core.devices.known)]

    @router.delete("/v1/devices/{client}", status_code=204, summary="Forget a chat or browser; ends its sessions")
    async def forget(client: ClientPath, caller: Caller) -> None:
        gone = await edge.run(lambda: core.devices.remove(client=client))
        if not gone:
            raise Problem(404, "there is no such chat or browser", kind="device-unknown")
        await edge.revoke(client=client)
        core.audit.record(caller.actor(), "forget-device", "allowed", target=client)

    return router
