"""Incidents as the notifier keeps them: records, pictures, clips, drills, feedback."""
