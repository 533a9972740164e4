"""Incidents as the notifier keeps them: intake from the stream, orders of people, pictures, clips, feedback."""
