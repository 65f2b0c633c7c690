"""Arrangements: who plays what in which section. Each style is one file with TEMPO, SCALES and play(song)."""
