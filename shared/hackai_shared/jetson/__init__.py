"""What a Jetson says of itself: release, power mode, clocks, temperatures, memory. Pure parsers, thin readers.

Readers take the root of the file system, so that recorded texts can stand in for a board.
"""
