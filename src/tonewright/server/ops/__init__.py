"""Running it: health, metrics, logs, backup, retention."""
