"""The HTTP API under /api: typed, documented, one file a group."""
