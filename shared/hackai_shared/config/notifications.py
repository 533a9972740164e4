"""``notifier:``: whom to tell, by which channel."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Optional

from pydantic import Field, field_validator, model_validator
from typing_extensions import Annotated, Literal

from hackai_shared.config.base import Section, WebAddress
from hackai_shared.config.chat_address import ChatAddress
from hackai_shared.config.time_of_day import StartOfDay


class TelegramConfig(Section):
    """Telegram; the bot token comes from HACKAI_TELEGRAM_TOKEN or HACKAI_TELEGRAM_TOKEN_FILE."""

    enabled: bool = Field(True, description="used when a token is there; without one the console channel is used")
    chats: List[ChatAddress] = Field(
        default_factory=list, description="ids of the chats that receive alarms and may command; id/topic in a forum"
    )
    admins: List[ChatAddress] = Field(
        default_factory=list, description="ids of the chats that are told about trouble; id/topic in a forum"
    )
    names: Dict[int, str] = Field(
        default_factory=dict, description="what people read instead of a chat id, e.g. {987654321: the neighbor}"
    )
    login: Literal["auto", "face", "configuration"] = Field(
        "auto",
        description="face: disarming, people, models and cameras need a face, listed chats acknowledge, mark false and "
        "snooze without; configuration: the chat alone decides; auto: face where the face service has an address",
    )
    api_url: str = Field("https://api.telegram.org", description="Bot API server")


class ConsoleConfig(Section):
    """The log of the notifier, with the pictures in a folder; for trying out and as the last resort."""

    enabled: bool = Field(True, description="print incidents and store their pictures")
    folder: str = Field("data/incidents", description="where pictures and clips are written")
    keep: int = Field(500, ge=1, description="incidents whose files are kept")


class WebhookConfig(Section):
    """POST of each step as JSON, with pictures as multipart."""

    url: WebAddress = Field(description="http(s)://…")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="how logs call it")
    timeout_s: float = Field(10.0, gt=0, le=120, description="seconds per request")


class EscalationStep(Section):
    """Whom to tell as well when nobody has acknowledged."""

    after_s: float = Field(gt=0, le=86_400, description="seconds after the alarm")
    chats: List[ChatAddress] = Field(
        default_factory=list, description="ids of further Telegram chats, id/topic in a forum; they may acknowledge"
    )
    webhooks: List[str] = Field(
        default_factory=list, description="names of webhooks, e.g. a siren: they are told by this step, not before"
    )

    @model_validator(mode="after")
    def _somebody(self) -> "EscalationStep":
        if not self.chats and not self.webhooks:
            raise ValueError("a step needs chats or webhooks")
        return self


class EscalationConfig(Section):
    """What happens while nobody acknowledges a fire. Everybody told so far is reminded with each step."""

    steps: List[EscalationStep] = Field(default_factory=list, description="in this order, after_s rising")
    remind_every_s: Optional[float] = Field(
        300.0, ge=10, le=86_400, description="after the last step everybody is reminded this often; null: never"
    )
    reminders: int = Field(12, ge=0, le=1000, description="at most so many such reminders")
    when_cleared: Literal["continue", "stop"] = Field(
        "continue",
        description="when the fire is no longer seen: go on (the camera may have burnt), or stop unacknowledged",
    )

    @model_validator(mode="after")
    def _rising(self) -> "EscalationConfig":
        times = [step.after_s for step in self.steps]
        if times != sorted(set(times)):
            raise ValueError("after_s must rise from step to step")
        return self


class ExternalCheckConfig(Section):
    """A checker outside of the house (healthchecks.io, Uptime Kuma …) that raises an alarm when it is not called."""

    url: WebAddress = Field(description="http(s)://…, called with GET while all is well")
    every_s: float = Field(60.0, ge=10, le=86_400, description="seconds between two calls")


class NotifierConfig(Section):
    """The notifier."""

    language: Literal["en"] = Field("en", description="language of the messages")
    telegram: TelegramConfig = Field(default_factory=TelegramConfig, description="Telegram bot")
    console: ConsoleConfig = Field(default_factory=ConsoleConfig, description="console channel")
    webhooks: List[WebhookConfig] = Field(default_factory=list, description="webhook channels")
    clip_before_s: Annotated[float, Field(ge=0, le=60)] = Field(
        5.0, description="seconds of clip before the confirmation"
    )
    clip_after_s: Annotated[float, Field(ge=0, le=60)] = Field(
        5.0, description="seconds of clip after the confirmation"
    )
    snooze_s: float = Field(600.0, gt=0, le=86_400, description="how long the Snooze button silences a camera")
    timezone: Optional[str] = Field(None, description="IANA name for the times in messages; default: the host's")
    escalation: EscalationConfig = Field(
        default_factory=EscalationConfig, description="whom to tell as well while nobody acknowledges"
    )
    external_check: Optional[ExternalCheckConfig] = Field(
        None, description="called while all is well; that it is no longer called is an alarm outside"
    )
    summary_at: Optional[StartOfDay] = Field(
        None, description="local time of the daily summary to the administrators, e.g. 08:00"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: Optional[str]) -> Optional[str]:
        try:
            from zoneinfo import ZoneInfo, available_timezones
        except ImportError:  # Python 3.8 on a Jetson runs the inference service alone, which shows no times
            return name
        if name is None:
            return None
        try:
            ZoneInfo(name)
        except (ValueError, OSError, LookupError) as error:
            near = [zone for zone in sorted(available_timezones()) if zone.lower().endswith(f"/{name.lower()}")]
            hint = f"did you mean {near[0]}?" if near else "use an IANA name, e.g. Europe/Rome"
            raise ValueError(f"unknown time zone; {hint}") from error
        return name

    def listed_chats(self) -> FrozenSet[int]:
        """Return the ids of all chats that the configuration names: for alarms, for trouble or for an escalation."""
        later = {chat for step in self.escalation.steps for chat in step.chats}
        return frozenset(int(chat) for chat in (*self.telegram.chats, *self.telegram.admins, *later))

    @model_validator(mode="after")
    def _known_webhooks(self) -> "NotifierConfig":
        known = {hook.name for hook in self.webhooks}
        for step in self.escalation.steps:
            unknown = sorted(set(step.webhooks) - known)
            if unknown:
                raise ValueError(f"escalation names webhooks that are not configured: {', '.join(unknown)}")
        return self
