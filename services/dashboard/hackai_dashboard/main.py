"""Start-up of the dashboard."""

from __future__ import annotations

import structlog

from hackai_dashboard.app import create_dashboard_app
from hackai_dashboard.assets import Assets
from hackai_dashboard.codes import CodeBook
from hackai_dashboard.context import Site
from hackai_dashboard.feed import LiveFeed
from hackai_dashboard.gate import SERVICE, DashboardGate
from hackai_dashboard.hosts import Hosts
from hackai_dashboard.pages import Pages
from hackai_dashboard.sessions import SessionBook
from hackai_dashboard.settings import DashboardSettings
from hackai_dashboard.upstream import Upstream
from hackai_shared.config import load_config
from hackai_shared.security.rate_limit import TokenBuckets
from hackai_shared.security.service_gate import gate_parts
from hackai_shared.service import ServiceContext, ServiceParts, run_service
from hackai_shared.settings import read_settings

log = structlog.get_logger(__name__)

# Per address: a person who mistypes is not kept waiting, somebody who guesses is.
LOGINS_PER_MINUTE, LOGIN_BURST = 10.0, 6


async def build(context: ServiceContext) -> ServiceParts:
    """Connect sessions, feed, services and pages.

    Raises:
        ConfigError: the configuration or an address is wrong.
    """
    settings = context.settings
    if not isinstance(settings, DashboardSettings):
        raise TypeError("the dashboard needs DashboardSettings")
    config = load_config(settings.config)
    sessions = SessionBook()
    parts = gate_parts(context)
    gate = DashboardGate(
        sessions,
        keys=parts.keys,
        service_token=parts.service_token,
        revoked=parts.revoked,
        metrics=context.metrics,
    )
    upstream = Upstream(settings.urls(), settings.service_token)
    feed = LiveFeed(context.bus)
    assets = Assets()
    site = Site(
        upstream=upstream,
        gate=gate,
        sessions=sessions,
        codes=CodeBook(),
        feed=feed,
        bus=context.bus,
        pages=Pages(assets),
        assets=assets,
        cameras={key: camera.name or key for key, camera in config.cameras.items() if camera.enabled},
        login_limit=TokenBuckets(LOGINS_PER_MINUTE, LOGIN_BURST),
        hosts=Hosts(frozenset(config.dashboard.names)),
        trusted_proxies=config.dashboard.trusted_proxies,
    )
    context.metrics.gauge("viewers", "Pages that watch live now").set_function(lambda: feed.viewers)

    async def close() -> None:
        await feed.close()
        await upstream.close()

    return ServiceParts(
        app=create_dashboard_app(site, context.health, context.metrics),
        port=settings.dashboard_port,
        tasks={"revocations": lambda: parts.revoked.run(context.stop)},
        closers=[close],
        details=lambda: {"viewers": feed.viewers},
    )


def main() -> None:
    """Run the service until SIGTERM."""
    run_service(SERVICE, lambda: read_settings(DashboardSettings), build)
