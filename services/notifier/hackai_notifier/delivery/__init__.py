"""The outbox and its delivery: what is sent to whom, in which order, retried how, proven by what."""
