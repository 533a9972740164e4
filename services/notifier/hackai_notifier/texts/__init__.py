"""Everything that the notifier writes to people."""
