"""Addresses are taken apart without quoting a part of a password."""

from __future__ import annotations

import pytest

from hackai_shared.addresses import AddressError, encoded_credential, in_credentials, read_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rtsp://admin:s3cret@10.0.0.5:554/live", ("rtsp", "10.0.0.5", 554)),
        ("RTSP://u:p%2Fw%40x@cam/1", ("rtsp", "cam", None)),
        ("rtsp://u:p@ss@cam/1", ("rtsp", "cam", None)),
        ("http://cam/users/@me/now.jpg", ("http", "cam", None)),
        ("rtsp://[fe80::1]:554/live", ("rtsp", "fe80::1", 554)),
    ],
)
def test_an_address_is_read(url: str, expected: object) -> None:
    assert read_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://admin:geheim/1@cam/live",
        "rtsp://admin:#geheim@cam/live",
        "rtsp://admin:1?geheim@cam/live",
        "rtsp://admin:1/geheim@cam/live",
        "rtsp://admin:geheim\u2100@cam/live",
        "rtsp://geheim[::1/live",
        "rtsp://u:geheim@cam:99999/",
    ],
)
def test_an_address_that_a_password_breaks_says_how_to_write_it_and_nothing_of_it(url: str) -> None:
    with pytest.raises(AddressError, match="percent-encode") as caught:
        read_address(url)

    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_address_needs_a_host() -> None:
    for url in ("rtsp://", "rtsp:///live", "cam/live"):
        with pytest.raises(AddressError, match="no host"):
            read_address(url)


def test_a_credential_is_encoded_once() -> None:
    assert encoded_credential("a/b@c#d?e:f g") == "a%2Fb%40c%23d%3Fe%3Af%20g"
    assert encoded_credential("a%2Fb") == "a%2Fb"
    assert encoded_credential("100%") == "100%25"
    assert encoded_credential("pässwört") == "p%C3%A4ssw%C3%B6rt"


def test_credentials_lie_in_front_of_the_last_at_sign() -> None:
    url = "rtsp://u:${P}@cam/${C}"

    assert in_credentials(url, url.index("${P}"))
    assert not in_credentials(url, url.index("${C}"))
    assert not in_credentials("${P}@cam", 0)
