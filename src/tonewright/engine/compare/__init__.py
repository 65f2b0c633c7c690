"""Two files against each other: laid over one another in time, brought to one loudness, then subtracted."""

from tonewright.engine.compare.align import Alignment, align
from tonewright.engine.compare.comparison import Comparison, compare, compare_signals

__all__ = ["Alignment", "Comparison", "align", "compare", "compare_signals"]
