"""What cameras that are asked over HTTP have in common: who asks, how long, and what a refusal means."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import httpx

from hackai_camera.sources.base import SourceError

MAX_REDIRECTS = 3
_REFUSALS = {
    401: "the camera refuses the user name or the password (401)",
    403: "the camera forbids this (403): check the rights of its user",
    404: "the camera has nothing at this path (404)",
}


class AskedAuth(httpx.Auth):
    """Sends the password only when the camera asks for it, and only as it asks: Digest where it can, else Basic."""

    def __init__(self, user: str, password: str) -> None:
        self._digest = httpx.DigestAuth(user, password)
        self._basic = httpx.BasicAuth(user, password)
        self._asked: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request, and once more with what was asked for."""
        if self._asked is None:
            response = yield request
            if response.status_code != 401:
                return
            schemes = " ".join(response.headers.get_list("www-authenticate")).lower()
            self._asked = self._digest if "digest" in schemes else self._basic
        yield from self._asked.auth_flow(request)


class BearerAuth(httpx.Auth):
    """Sends a token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request with the token."""
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request


class HttpCamera:
    """One camera and its credentials; ``url`` may carry user name and password."""

    def __init__(
        self, url: str, *, connect_s: float, read_s: float, token: str | None = None, tls_verify: bool = True
    ) -> None:
        parsed = httpx.URL(url)
        self._url = parsed.copy_with(username=None, password=None)
        auth: httpx.Auth | None = None
        if token is not None:
            auth = BearerAuth(token)
        elif parsed.userinfo:
            user, _, password = parsed.userinfo.decode().partition(":")
            auth = AskedAuth(unquote(user), unquote(password))
        self._http = httpx.Client(
            auth=auth,
            timeout=httpx.Timeout(read_s, connect=connect_s),
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            verify=tls_verify,
            trust_env=False,  # a camera of the house is not reached through somebody's proxy
        )

    @contextmanager
    def ask(self) -> Iterator[httpx.Response]:
        """Open an answer, not yet read.

        Raises:
            SourceError: no connection, no answer in time (also while the answer is read), or a refusal; without the
                address, which may be a secret.
        """
        try:
            with self._http.stream("GET", self._url) as answer:
                if not answer.is_success:
                    status = answer.status_code
                    raise SourceError(_REFUSALS.get(status, f"the camera answers with status {status}"))
                yield answer
        except httpx.TimeoutException:
            raise SourceError("no answer in time") from None
        except httpx.TooManyRedirects:
            raise SourceError(f"more than {MAX_REDIRECTS} redirects") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise SourceError(f"cannot read: {_reason(error)}") from None

    def close(self) -> None:
        """Close its connections."""
        self._http.close()


def kind_of(answer: httpx.Response) -> str:
    """Return the media type of an answer without parameters, lower case; empty where it says none."""
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return "the connection is refused or the host is not known"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the camera broke off or speaks no HTTP"
    return type(error).__name__
