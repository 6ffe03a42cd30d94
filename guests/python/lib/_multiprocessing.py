"""Stands for the compiled module: semaphores shared by processes do not exist where processes do not."""
from _sandbox import refuses

_refuse = refuses("multiprocessing", "it has no processes")
flags = {}
sem_unlink = _refuse("sem_unlink")
SemLock = _refuse("Lock")
SemLock.SEM_VALUE_MAX = 2147483647
