"""The strict base of every section of the configuration, and the kinds of values that many of them share."""

from __future__ import annotations

import re

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from typing_extensions import Annotated

from hackai_shared.addresses import read_address


class Section(BaseModel):
    """A part of ``config.yml``: immutable, unknown keys are errors, no NaN, every field says what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


# The system waits for no infinite and for no negative time, and what lasts longer than a day is a typing error.
Seconds = Annotated[float, Field(ge=0.01, le=86_400)]
"""A time that something may take."""


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


PathText = Annotated[str, Field(min_length=1), AfterValidator(_printable)]
"""The path of a file or a folder that the system can be asked for."""


# A host with a port, or a user with a password, where a path would be.
_WITHOUT_SCHEME = re.compile(r"^(?:[^/@]+@)?(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*):\d{1,5}(?:/|$)")


def _source_address(address: SecretStr) -> SecretStr:
    text = _printable(address.get_secret_value())
    if not text:
        raise ValueError("is empty")
    if "://" in text and not text.startswith("file:"):
        read_address(text)
    elif _WITHOUT_SCHEME.match(text):
        raise ValueError("an address needs its scheme: put rtsp:// (or http://) in front of it")
    return address


SourceAddress = Annotated[SecretStr, AfterValidator(_source_address)]
"""A URL, the path of a file or of a device; secret, since URLs carry passwords."""


def _web_address(address: SecretStr) -> SecretStr:
    if read_address(_printable(address.get_secret_value())).scheme not in ("http", "https"):
        raise ValueError("has to begin with http:// or https://")
    return address


WebAddress = Annotated[SecretStr, AfterValidator(_web_address)]
"""An ``http(s)://`` URL; secret, since it carries passwords or is one itself."""
