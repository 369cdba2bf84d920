"""Where the visible operations are, and how the scheduler is told that one comes next."""
