from hackai_notifier.people.access import ConfiguredAccess, Receiver
from hackai_notifier.people.recipients import Audience, ConfiguredDirectory, Recipient
from hackai_shared.config.chat_address import ChatAddress
from hackai_shared.config.notifications import NotifierConfig
from hackai_shared.security.roles import Role


def test_chats_receive_and_command_administrators_are_told_about_trouble() -> None:
    access = ConfiguredAccess([1, 2, 2], [2, 9])

    assert access.receivers() == [Receiver(1), Receiver(2)]
    assert access.administrators() == [2, 9]
    assert [access.role(chat) for chat in (1, 2, 9, 3)] == [Role.OPERATOR, Role.ADMIN, Role.ADMIN, None]
    assert (access.proof(1), access.proof(3)) == ("configuration", "")


def test_rights_move_with_a_group() -> None:
    access = ConfiguredAccess([-5], [])
    access.moved(-5, -1005)

    assert access.receivers() == [Receiver(-1005)]
    assert access.role(-5) is None


def test_topics_of_a_forum_are_addresses_and_their_rights_are_the_forums() -> None:
    access = ConfiguredAccess([ChatAddress(-5, 17), ChatAddress(-5, 18), ChatAddress(-5, 17)], [])
    directory = ConfiguredDirectory(NotifierConfig(), access, telegram=True)

    assert [one.recipient.address for one in directory.audiences()] == ["-5/17", "-5/18", "console"]
    assert access.role(-5) is Role.OPERATOR
    access.moved(-5, -1005)
    access.moved(-1005, -2005)
    assert [one.recipient.address for one in directory.audiences()] == ["-2005/17", "-2005/18", "console"]
    assert access.role(-2005) is Role.OPERATOR
    assert directory.audience_of(Recipient("telegram", "-5/17")).pictures


def test_everybody_is_told_once_by_each_way() -> None:
    config = NotifierConfig.model_validate({"webhooks": [{"name": "siren", "url": "http://x/"}]})
    access = ConfiguredAccess([1], [9])

    with_bot = ConfiguredDirectory(config, access, telegram=True)
    without = ConfiguredDirectory(config, access, telegram=False)

    console, siren = Recipient("console", "console"), Recipient("webhook", "siren")
    assert with_bot.audiences() == [Audience(Recipient("telegram", "1")), Audience(console), Audience(siren)]
    assert without.audiences() == [Audience(console), Audience(siren)]
    assert with_bot.administrators() == [Recipient("telegram", "9"), console]
