"""The race detector: runs actors under schedules of its choice, and tells what breaks the code."""
