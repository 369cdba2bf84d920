"""Kernels of the corpus with processes for actors; `kernels` is the index.

In place of `setup` there is `setup_with`, which is given the multiprocessing context in use: locks
belong to one.
"""
