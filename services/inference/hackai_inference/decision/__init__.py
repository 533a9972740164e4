"""From the scores of one frame to an incident: evidence, confirmation, growth, places. Pure."""
