"""Durable work: queued with the row it is about, done once, or failed with a reason."""
