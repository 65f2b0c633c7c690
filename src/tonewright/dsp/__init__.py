"""Processors: one file each, streaming, aligned with their input."""
