"""Files and databases, which processes share as well: what they are called and what they hold.

What a call does to a file is heard from the interpreter, which announces every `open`, rename and
removal (PEP 578) before it happens; an open file is known by its object.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = [
    "content_for",
    "content_of",
    "file_label",
    "file_of",
    "lock_label",
    "open_file_in",
    "path_announced",
]

# Longer ones are only looked at so far, in bytes.
_LONGEST = 4_096
# Where the number of changes stands in the header of a database (sqlite.org/fileformat2.html).
_COUNTER = slice(24, 28)
_DATABASE = b"SQLite format 3\0"
_NOT_DATA = (".py", ".pyc", ".pyi", ".so", ".lock", ".zip")
_NOT_FILES = ("/dev/", "/proc/", "/sys/")
_ANNOUNCED = {"open": 0, "os.rename": 1, "os.remove": 0, "os.truncate": 0}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_APPEND


def path_announced(event: str, args: tuple[Any, ...]) -> tuple[str, bool] | None:
    """Returns the file that an audit event is about, and whether it may change; None if none."""
    place = _ANNOUNCED.get(event)
    if place is None or isinstance(args[place], int) or args[place] is None:
        return None
    path = os.path.abspath(os.fsdecode(args[place]))
    # What is called "<unknown>" was looked for by a traceback.
    made_up = os.path.basename(path).startswith("<")
    if made_up or path.endswith(_NOT_DATA) or path.startswith(_NOT_FILES):
        return None
    return path, event != "open" or bool(args[2] & _WRITING)


def file_of(value: Any) -> str:
    """Returns the path of an open file, or of the database of a connection; empty for others."""
    if isinstance(value, io.IOBase):
        name = getattr(value, "name", None)
        if value.closed or not isinstance(name, (str, bytes, os.PathLike)):
            return ""
        return os.path.abspath(os.fsdecode(name))
    sqlite = sys.modules.get("sqlite3")
    if sqlite is not None:
        if isinstance(value, sqlite.Cursor):
            value = value.connection
        if isinstance(value, sqlite.Connection):
            return str(value.execute("PRAGMA database_list").fetchone()[2])
    return ""


def file_label(path: str) -> str:
    """Names a file."""
    return f"the file '{os.path.basename(path)}'"


def lock_label(value: Any) -> str:
    """Names a `filelock.FileLock` by its file; empty for others."""
    filelock = sys.modules.get("filelock")
    if filelock is not None and isinstance(value, filelock.BaseFileLock):
        return f"FileLock '{os.path.basename(value.lock_file)}'"
    return ""


def open_file_in(frame: FrameType) -> Any:
    """Returns the file that is open in a frame, which `json.load` can be called with; or None."""
    found = [each for each in frame.f_locals.values() if isinstance(each, io.IOBase)]
    opened = [each for each in found if not each.closed]
    return opened[0] if len(opened) == 1 else None


def content_of(path: str) -> object:
    """Returns what a file holds: its text, or how often a database was changed."""
    try:
        with open(path, "rb") as file:
            data = file.read(_LONGEST)
    except OSError:
        return "no such file"
    if data.startswith(_DATABASE):
        return f"change {int.from_bytes(data[_COUNTER], 'big')}"
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def content_for(user: Any, path: str) -> Callable[[], object]:
    """Makes a look at a database that shows as well that a connection wrote what was there.

    Args:
        user: A connection or a cursor.
        path: Of its database.
    """
    connection = getattr(user, "connection", user)
    written = connection.total_changes
    start = content_of(path)

    def look() -> object:
        content = content_of(path)
        again = content == start and connection.total_changes > written
        return f"{content}, written again" if again else content

    return look
