"""Audio files: opening them as signals, and writing them whole or not at all.

Everything here is light to import; libsndfile and FFmpeg are loaded with the first file.
"""

from tonewright.base.files.bext import Loudness
from tonewright.base.files.formats import Delivery, check_delivery, formats
from tonewright.base.files.info import AudioInfo, Limits
from tonewright.base.files.open import open_signal
from tonewright.base.files.source import FileSignal
from tonewright.base.files.tags import BextText, Picture, Tags
from tonewright.base.files.writer import Writer, open_writer

__all__ = [
    "AudioInfo",
    "BextText",
    "Delivery",
    "FileSignal",
    "Limits",
    "Loudness",
    "Picture",
    "Tags",
    "Writer",
    "check_delivery",
    "formats",
    "open_signal",
    "open_writer",
]
