"""Who is told, by which way."""

from __future__ import annotations

from hackai_notifier.people.access import ConfiguredAccess
from hackai_notifier.people.recipients import Audience, ConfiguredDirectory, Recipient
from hackai_shared.config.notifications import NotifierConfig
from hackai_shared.security.roles import Role

CONFIG = NotifierConfig.model_validate(
    {
        "webhooks": [{"name": "hub", "url": "http://hub"}, {"name": "siren", "url": "http://siren"}],
        "escalation": {"steps": [{"after_s": 60, "chats": [2], "webhooks": ["siren"]}]},
    }
)
ACCESS = ConfiguredAccess([1], [9], further=[2])


def test_what_a_step_of_the_escalation_tells_is_not_told_before() -> None:
    directory = ConfiguredDirectory(CONFIG, ACCESS, telegram=True)

    told = [audience.recipient for audience in directory.audiences()]

    assert told == [Recipient("telegram", "1"), Recipient("console", "console"), Recipient("webhook", "hub")]
    assert directory.addressed([2], ["siren"]) == [
        Audience(Recipient("telegram", "2")),
        Audience(Recipient("webhook", "siren")),
    ]


def test_without_telegram_a_step_tells_its_webhooks_alone() -> None:
    directory = ConfiguredDirectory(CONFIG, ACCESS, telegram=False)

    assert directory.addressed([2], ["siren"]) == [Audience(Recipient("webhook", "siren"))]


def test_a_chat_that_is_told_later_may_acknowledge() -> None:
    assert ACCESS.role(2) is Role.OPERATOR
    assert [receiver.chat_id for receiver in ACCESS.receivers()] == [1]


def test_a_group_of_a_step_that_moved_keeps_its_rights() -> None:
    access = ConfiguredAccess([1], [], further=[-5])
    access.moved(-5, -1005)

    assert access.role(-1005) is Role.OPERATOR
    assert access.receiver(-5).chat_id == -1005
