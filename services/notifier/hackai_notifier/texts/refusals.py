"""What somebody reads who may not do something: never without the way out. Pure; HTML as elsewhere."""

from __future__ import annotations

LOG_IN = "Send /login and the video note it asks for, then try again."


def unknown_chat(chat_id: int, *, faces: bool, expired: bool) -> str:
    """Return the answer to a chat that may not command."""
    if expired:
        return f"Your login has expired. {LOG_IN}"
    add = f"ask its administrator to add chat id <code>{chat_id}</code> under <code>notifier.telegram.chats</code>"
    if faces:
        return (
            "This is a private HackAI bot. If this chat was let in, send /login. If not, send <code>/join CODE</code> "
            f"with an administrator's invitation, or {add}."
        )
    return f"This is a private HackAI bot. To use it, {add}."


def needs_operator() -> str:
    """Return the answer to somebody whose role is too low."""
    return "This needs the operator role. An administrator can change your role on the People page of the dashboard."


def needs_administrator() -> str:
    """Return the answer to somebody who is no administrator, or has shown no face."""
    return (
        f"This needs an administrator's face. {LOG_IN} Another administrator can change your role on the People page."
    )


def needs_face(what: str) -> str:
    """Return the answer to a chat without a login; ``what`` begins the sentence."""
    return f"{what} needs your face; this chat alone is not enough. {LOG_IN}"


def face_too_old() -> str:
    """Return the answer to somebody whose face was seen too long ago."""
    return (
        "Your face was last seen more than five minutes ago. Send /login and the video note it asks for, then /disarm."
    )


def no_face_service(what: str) -> str:
    """Return the answer where no face can be shown."""
    return (
        f"{what} needs the face service, which is not set up here. Set it up (README, Faces), "
        "or snooze the incident instead: /snooze."
    )
