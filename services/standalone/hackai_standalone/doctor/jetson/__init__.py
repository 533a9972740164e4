"""``hackai doctor --jetson``: what only a Jetson can have wrong; one file per check, in the order of mending."""

from hackai_standalone.doctor.finding import Check
from hackai_standalone.doctor.jetson import board, container, csi, power, room, tensorrt, thermal

JETSON_CHECKS: list[Check] = [
    board.check,
    container.check,
    tensorrt.check,
    room.check,
    power.check,
    thermal.check,
    csi.check,
]
