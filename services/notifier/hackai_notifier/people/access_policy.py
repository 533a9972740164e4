"""Chooses who decides about chats: faces, or the configuration alone."""

from __future__ import annotations

from hackai_notifier.clients.face_client import FaceClient
from hackai_notifier.people.access import ChatAccess, ConfiguredAccess
from hackai_notifier.people.chat_sessions import FaceAccess
from hackai_notifier.people.login_flow import LoginFlow
from hackai_notifier.settings import NotifierSettings
from hackai_notifier.storage.database import Database
from hackai_shared.config import ConfigError, ConfigProblem, HackAIConfig
from hackai_shared.security import RevocationList


async def choose_access(
    settings: NotifierSettings, config: HackAIConfig, database: Database, revoked: RevocationList
) -> tuple[ChatAccess, LoginFlow | None]:
    """Return the access, and the door through which people log in where faces decide.

    Raises:
        ConfigError: faces are wanted and the face service has no address.
    """
    telegram = config.notifier.telegram
    further = [chat for step in config.notifier.escalation.steps for chat in step.chats]
    configured = ConfiguredAccess(telegram.chats, telegram.admins, further)
    if telegram.login == "configuration" or (telegram.login == "auto" and settings.face_auth_url is None):
        return configured, None
    if settings.face_auth_url is None:
        place = (str(settings.config), 1, 1, "notifier.telegram.login")
        raise ConfigError([ConfigProblem(*place, "faces need HACKAI_FACE_AUTH_URL", "or set it to configuration")])
    access = FaceAccess(configured, revoked)
    await access.restore(database)
    return access, LoginFlow(FaceClient(settings.face_auth_url, service_token(settings)), access, database)


def service_token(settings: NotifierSettings) -> str | None:
    """Return the secret by which other services know this one."""
    return settings.service_token.get_secret_value() if settings.service_token else None
