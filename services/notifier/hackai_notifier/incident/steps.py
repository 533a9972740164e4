"""The steps in which an incident reaches a recipient."""

from __future__ import annotations

from typing import Literal, get_args

StepName = Literal["text", "update", "reminder", "edit", "photo", "update_photo", "clip", "notice"]
STEP_NAMES = get_args(StepName)
