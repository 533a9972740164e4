"""What arrives on the streams: incidents and the orders of people."""
