"""The pictures of an alarm: boxes, heat-map, film strip, lettering."""
