"""All checks, in the order in which a person would mend things."""

from hackai_standalone.doctor.checks import (
    cameras,
    configuration,
    disk,
    memory,
    model,
    ports,
    redis,
    system_clock,
    telegram,
)
from hackai_standalone.doctor.finding import Check

ALL_CHECKS: list[Check] = [
    configuration.check,
    model.check,
    redis.check,
    ports.check,
    cameras.check,
    telegram.check,
    disk.check,
    memory.check,
    system_clock.check,
]
