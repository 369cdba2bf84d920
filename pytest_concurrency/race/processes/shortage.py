"""What a system can run out of in the middle of a race, and what to do about it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping

from pytest_concurrency.errors import message

__all__ = ["NO_SHM", "explained_shortage", "is_shortage"]

_SHORTAGES = {
    errno.EMFILE: (
        "this process has no file descriptors left",
        "raise the limit (`ulimit -n 8192`), or have fewer queues, pipes and files in `setup`",
    ),
    errno.ENFILE: (
        "the system has no file descriptors left",
        "end other programs, or have fewer queues, pipes and files in `setup`",
    ),
    errno.ENOSPC: (
        "there is no room left in /dev/shm",
        "look at it with `df -h /dev/shm`, and remove what nobody uses; give a container more "
        "with `docker run --shm-size=256m`",
    ),
    errno.ENOMEM: ("there is no memory left", "have less in the state that `setup` makes"),
    errno.EAGAIN: (
        "the system starts no more processes",
        "raise the limit (`ulimit -u`), or have fewer actors",
    ),
}
_MOUNT = "mount it: `mount -t tmpfs -o mode=1777 shm /dev/shm`"
NO_SHM: Mapping[int, tuple[str, str]] = {
    errno.ENOENT: ("there is no /dev/shm, where semaphores are", _MOUNT),
    errno.ENOSYS: ("this system has no semaphores that processes can share", _MOUNT),
    errno.EACCES: ("/dev/shm, where semaphores are, cannot be written to", "`chmod 1777 /dev/shm`"),
    errno.EROFS: ("/dev/shm, where semaphores are, cannot be written to", _MOUNT),
}
"""What else keeps semaphores from being made."""


def is_shortage(error: OSError) -> bool:
    """Tells whether less of everything could help."""
    return error.errno in _SHORTAGES


@contextlib.contextmanager
def explained_shortage(
    wanted: str, others: Mapping[int, tuple[str, str]] | None = None
) -> Iterator[None]:
    """Says of an error what has run out, and what to do about it; the error keeps its type.

    Args:
        wanted: What was to be made.
        others: What other numbers of errors mean here.
    """
    __tracebackhide__ = True
    known = {**_SHORTAGES, **(others or {})}
    try:
        yield
    except OSError as error:
        if error.errno not in known:
            raise
        cause, remedy = known[error.errno]
        text = message(f"{wanted} cannot be made: {cause}", evidence=str(error), next_step=remedy)
        raise OSError(error.errno, text) from error
