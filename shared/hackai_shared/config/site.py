"""``dashboard:``: under which names the page is reached, and through which proxies."""

from __future__ import annotations

import ipaddress
from typing import List

from pydantic import Field, field_validator
from typing_extensions import Annotated

from hackai_shared.config.base import Section

SiteName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?$")]


class DashboardConfig(Section):
    """The page on the network; on the machine itself nothing is needed."""

    names: List[SiteName] = Field(
        default_factory=list,
        description="names and addresses under which browsers reach the page, such as fire.example.org; those of the "
        "machine itself (localhost) are always known",
    )
    trusted_proxies: List[str] = Field(
        default_factory=list,
        description="addresses or networks of reverse proxies whose X-Forwarded-For, -Proto and -Host count",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, proxies: List[str]) -> List[str]:
        for proxy in proxies:
            try:
                network = ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"{proxy} is no address and no network; use 127.0.0.1 or 172.18.0.0/16") from error
            if network.prefixlen == 0:
                raise ValueError(f"{proxy} is everybody; name the proxy's own address")
        return proxies
