"""Running code in child processes: start methods, results, hangs, ends."""
