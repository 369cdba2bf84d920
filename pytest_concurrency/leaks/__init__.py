"""What a test leaves behind: children, threads, semaphores, shared memory."""
