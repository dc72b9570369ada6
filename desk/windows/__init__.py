"""Preferred times for a consultation: read from plain words, or offered as choices."""

from desk.windows.offers import offer_windows
from desk.windows.reader import read_windows
from desk.windows.window import Window

__all__ = ["Window", "offer_windows", "read_windows"]
