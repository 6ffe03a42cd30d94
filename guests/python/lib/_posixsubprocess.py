"""Stands for the compiled module, so that what imports it loads."""
from _sandbox import refuses

fork_exec = refuses("_posixsubprocess", "it has no processes")("fork_exec")
