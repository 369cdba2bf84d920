"""The programs of `fail` with the bug fixed, and as little else changed as that needs."""
