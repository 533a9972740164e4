"""What the dashboard adds to the command `hackai`."""
