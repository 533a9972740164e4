"""The camera service over HTTP: snapshots and clips."""

from __future__ import annotations

import httpx

from hackai_shared.messages import IncidentEvent

CLIP_TIMEOUT_S = 30.0
MAX_CLIP_BYTES = 50_000_000  # what a bot may upload: https://core.telegram.org/bots/api#sending-files
MAX_PICTURE_BYTES = 10_000_000


class CameraUnavailable(Exception):
    """The camera service did not answer, or not yet: the same question may be answered later."""


class PictureGone(Exception):
    """What was asked for does not exist (any more); the message says why."""


class CameraClient:
    """Asks the camera service."""

    def __init__(self, url: str, *, service_token: str | None = None, timeout_s: float = 5.0) -> None:
        headers = {"Authorization": f"Bearer {service_token}"} if service_token else {}
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout_s, headers=headers)

    async def snapshot(self, camera_id: str) -> bytes:
        """Return the newest frame of a camera as JPEG.

        Raises:
            PictureGone: there is no such camera, or it has not delivered a frame.
            CameraUnavailable: the service did not answer.
        """
        return await self._get(f"/v1/cameras/{camera_id}/snapshot.jpg", {}, None, MAX_PICTURE_BYTES)

    async def clip(self, event: IncidentEvent, *, before_s: float, after_s: float) -> bytes:
        """Return the seconds around the confirmation of an incident as MP4; shorter where the camera ended.

        The epoch goes along: a camera that started anew counts its seconds from zero, and a clip of other minutes
        would be worse than none.

        Raises:
            PictureGone: the camera's memory does not hold that time (any more).
            CameraUnavailable: the last second is not there yet, or the service did not answer.
        """
        query = {
            "from": f"{max(0.0, event.confirmed_s - before_s):.3f}",
            "to": f"{event.confirmed_s + after_s:.3f}",
            "epoch": event.frame.epoch,
        }
        return await self._get(f"/v1/cameras/{event.camera_id}/clip.mp4", query, CLIP_TIMEOUT_S, MAX_CLIP_BYTES)

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _get(self, path: str, query: dict[str, str], timeout_s: float | None, limit: int) -> bytes:
        try:
            async with self._http.stream(
                "GET", path, params=query, timeout=httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s
            ) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > limit:
                        raise PictureGone(f"larger than {limit} bytes")
        except httpx.HTTPError as error:
            raise CameraUnavailable(f"camera service: {type(error).__name__}: {error}") from error
        if response.status_code == 200 and body:
            return bytes(body)
        reason = f"camera service answered {response.status_code}: {_detail(response, bytes(body))}"
        # 409 and 425: the time asked for is not over yet.
        if response.status_code in (408, 409, 425, 429) or response.status_code >= 500:
            raise CameraUnavailable(reason)
        raise PictureGone(reason)


def _detail(response: httpx.Response, body: bytes) -> str:
    if "json" in response.headers.get("content-type", ""):
        try:
            return str(httpx.Response(200, content=body).json().get("detail", ""))
        except (ValueError, AttributeError):
            return ""
    return ""
