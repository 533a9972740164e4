"""Who is notified next while nobody acknowledges; snoozing and disarming."""
