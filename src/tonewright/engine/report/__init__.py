"""The report: one HTML file that says what a song was, what was done, why, and what it is now."""

from tonewright.engine.report.document import report_document
from tonewright.engine.report.page import report_html

__all__ = ["report_document", "report_html"]
