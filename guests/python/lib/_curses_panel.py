"""Stands for the compiled module."""
from _curses import _no_screen, error

new_panel = bottom_panel = top_panel = update_panels = _no_screen
version = "2.1"
