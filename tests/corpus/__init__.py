"""Programs for threads with known bugs, each beside its fixed twin; `programs` is the index."""
