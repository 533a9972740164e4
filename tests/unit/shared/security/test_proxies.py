"""Nobody's word on who asks counts, but that of a proxy that the configuration names."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest

from hackai_shared.security.proxies import ForwardedBy

CLAIMS = [
    (b"host", b"127.0.0.1:8080"),
    (b"x-forwarded-for", b"6.6.6.6, 203.0.113.9"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"fire.example.org"),
    (b"forwarded", b"for=6.6.6.6"),
]


async def received(
    proxies: Sequence[str], peer: Optional[str], headers: Sequence[Tuple[bytes, bytes]] = CLAIMS
) -> Dict[str, Any]:
    seen: List[Dict[str, Any]] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError("not asked for")

    client = (peer, 5) if peer else None
    scope = {"type": "http", "scheme": "http", "client": client, "headers": list(headers)}
    await ForwardedBy(app, proxies)(scope, nothing, nothing)
    return seen[0]


@pytest.mark.parametrize(
    ("proxies", "peer"), [([], "127.0.0.1"), (["10.0.0.1"], "10.0.0.2"), ([], None), (["10.0.0.0/8"], "::1")]
)
async def test_claims_of_others_are_removed(proxies: List[str], peer: Optional[str]) -> None:
    scope = await received(proxies, peer)

    assert scope["headers"] == [(b"host", b"127.0.0.1:8080")]
    assert scope["scheme"] == "http"
    assert scope["client"] == ((peer, 5) if peer else None)


@pytest.mark.parametrize(
    ("proxies", "peer"),
    [(["127.0.0.1"], "127.0.0.1"), (["172.16.0.0/12"], "::ffff:172.18.0.1"), (["fd00::/8"], "fd00::1")],
)
async def test_a_named_proxy_is_believed(proxies: List[str], peer: str) -> None:
    scope = await received(proxies, peer)

    assert scope["client"] == ("203.0.113.9", 0)
    assert scope["scheme"] == "https"
    assert scope["headers"] == [(b"host", b"fire.example.org")]


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (b"6.6.6.6, 203.0.113.9, 10.0.0.7", "203.0.113.9"),  # two proxies of ours
        (b"10.0.0.8, 10.0.0.7", "10.0.0.8"),
        (b"[2001:db8::1]:443", "2001:db8::1"),
        (b"192.0.2.4:1234", "192.0.2.4"),
        (b"unknown", None),
        (b"", None),
    ],
)
async def test_the_nearest_address_that_is_no_proxy_of_ours(chain: bytes, client: Optional[str]) -> None:
    scope = await received(["10.0.0.0/8"], "10.0.0.1", [(b"x-forwarded-for", chain)])

    assert scope["client"] == ((client, 0) if client else ("10.0.0.1", 5))


async def test_of_several_hosts_the_one_that_our_proxy_wrote() -> None:
    scope = await received(
        ["10.0.0.1"], "10.0.0.1", [(b"host", b"a"), (b"x-forwarded-host", b"evil, fire.example.org")]
    )

    assert scope["headers"] == [(b"host", b"fire.example.org")]
