"""``cameras.<id>.detection:``: what is normal in front of one camera: masks, zones, schedules, threshold, budget."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from pydantic import Field, model_validator
from typing_extensions import Annotated, Literal

from hackai_shared.config.base import Section
from hackai_shared.config.time_of_day import StartOfDay, TimeOfDay

Coordinate = Annotated[float, Field(ge=0, le=1)]
Polygon = Annotated[
    List[Tuple[Coordinate, Coordinate]],
    Field(min_length=3, max_length=64, description="corners [x, y] in parts of the picture, 0-1 from the top left"),
]
# A threshold can be raised, a fire never silenced: one without a doubt is told whatever was set here.
Threshold = Annotated[float, Field(ge=0.2, le=0.97)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ZoneConfig(Section):
    """A named part of the picture."""

    polygon: Polygon = Field(description="its corners")
    threshold: Optional[Threshold] = Field(None, description="steady score that counts here at any time, if higher")


class ScheduleConfig(Section):
    """Hours in which something that looks like fire is normal: welding, cooking."""

    name: str = Field(min_length=1, max_length=60, description="what people read")
    days: List[Day] = Field(default_factory=lambda: list(DAYS), min_length=1, description="days on which it begins")
    start: StartOfDay = Field(description="local time of the host, e.g. 08:00")
    end: TimeOfDay = Field(description="local time of the host, up to 24:00; earlier than start: on the next day")
    threshold: Threshold = Field(description="steady score that counts meanwhile, if higher")
    zone: Optional[str] = Field(None, description="only in this zone; default: in the whole picture")

    @model_validator(mode="after")
    def _lasts(self) -> "ScheduleConfig":
        if self.start == self.end:
            raise ValueError("start and end are the same; for a whole day write 00:00 and 24:00")
        return self


class BudgetConfig(Section):
    """What ``hackai calibrate`` found out on this camera's own quiet footage; it prints this section."""

    alarms_per_week: float = Field(gt=0, description="false alarms a week that were accepted")
    hours: float = Field(gt=0, description="hours of quiet footage that it was measured on")
    alarms: int = Field(ge=0, description="alarms in these hours at the chosen threshold")
    at_most_per_week: float = Field(gt=0, description="upper confidence bound of the rate")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="confidence of the bound")
    model: str = Field(description="<name>/<version> that was calibrated, two joined by ' + '; another model voids it")


class CameraDetectionConfig(Section):
    """How this camera's pictures are judged."""

    threshold: Optional[Threshold] = Field(
        None, description="steady score of fire that counts; default: inference.confirmation.fire_reference"
    )
    budget: Optional[BudgetConfig] = Field(None, description="declared false alarms; from hackai calibrate")
    masks: Dict[str, Polygon] = Field(
        default_factory=dict, description="parts of the picture that are not looked at: a fireplace, a television"
    )
    zones: Dict[str, ZoneConfig] = Field(default_factory=dict, description="named parts of the picture")
    schedules: List[ScheduleConfig] = Field(default_factory=list, description="hours with a higher threshold")
    min_size: float = Field(
        0.0, ge=0, le=0.5, description="smaller spots are not looked at, in parts of the picture: a candle"
    )

    @model_validator(mode="after")
    def _zones_exist(self) -> "CameraDetectionConfig":
        unknown = {schedule.zone for schedule in self.schedules if schedule.zone is not None} - set(self.zones)
        if unknown:
            raise ValueError(f"a schedule names the zone {sorted(unknown)}, but there are {sorted(self.zones)}")
        return self
