"""Programs with a bug, each the twin of the program of the same name in `pass`."""
