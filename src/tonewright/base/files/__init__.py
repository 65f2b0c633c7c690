"""Audio files: opening them as signals, and writing them whole or not at all.

Everything here is light to import; libsndfile and FFmpeg are loaded with the first file.
"""

from tonewright.base.files.info import AudioInfo, Limits
from tonewright.base.files.open import open_signal
from tonewright.base.files.source import FileSignal
from tonewright.base.files.tags import BextText, Picture, Tags

__all__ = ["AudioInfo", "BextText", "FileSignal", "Limits", "Picture", "Tags", "open_signal"]
