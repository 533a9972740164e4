"""The Telegram bot: one router per feature."""
