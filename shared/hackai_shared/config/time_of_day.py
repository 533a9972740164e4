"""The one type of every time of day in the configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema
from typing_extensions import Annotated

_WRITTEN = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_PATTERN = r"^(([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?)$"
_DAY_S = 86_400


@dataclass(frozen=True, order=True)
class TimeOfDay:
    """A local time of day to the second; ``24:00`` is the end of a day and comes after all others."""

    second: int
    """Seconds on the clock since midnight, 0 to 86400."""

    @classmethod
    def parse(cls, value: object) -> "TimeOfDay":
        """Return what somebody wrote, ``HH:MM`` or ``HH:MM:SS``.

        Raises:
            ValueError: it is not a local time of day. Numbers are not: nobody knows whether 8 means 08:00 or 00:08.
        """
        if isinstance(value, TimeOfDay):
            return value
        match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError('not a local time of day; write it as HH:MM, e.g. "08:00", without a time zone')
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        second = hours * 3600 + minutes * 60 + seconds
        if second > _DAY_S:
            raise ValueError("a day ends at 24:00")
        return cls(second)

    @classmethod
    def of(cls, moment: datetime) -> "TimeOfDay":
        """Return what the clock shows at a moment, in that moment's own time zone."""
        return cls(moment.hour * 3600 + moment.minute * 60 + moment.second)

    def __str__(self) -> str:
        hours, rest = divmod(self.second, 3600)
        minutes, seconds = divmod(rest, 60)
        return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate with :meth:`parse`, serialize as text."""
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema(when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> Dict[str, Any]:
        """Describe it for editors."""
        return {"type": "string", "pattern": _PATTERN}


def _is_a_start(value: TimeOfDay) -> TimeOfDay:
    if value.second == _DAY_S:
        raise ValueError("24:00 is the end of a day, nothing starts then; write 00:00")
    return value


StartOfDay = Annotated[TimeOfDay, AfterValidator(_is_a_start)]
"""A time of day at which something happens or begins: ``24:00`` is none."""
