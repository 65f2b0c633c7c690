"""Tonewright: audio mastering that measures, decides, explains and does no harm."""

__version__ = "0.1.0"
