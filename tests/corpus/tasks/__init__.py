"""Kernels of the corpus with asyncio tasks for actors; `kernels` is the index."""
