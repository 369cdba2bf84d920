"""What a living child is doing: the stack of each of its threads, without its help."""

from __future__ import annotations

import contextlib
import linecache
import os
import re
from pathlib import Path

from pytest_concurrency.children.bootstrap import DUMP_SIGNAL, stacks_file
from pytest_concurrency.children.processes import wait_until

_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)$')
_THREAD = re.compile(r"^(?:Current thread|Thread) (?P<ident>0x[0-9a-f]+)(?P<rest>.*)$")
# The calls that lead into the user's code, and that every stack would otherwise begin with; in a
# forked child they include the whole of pytest.
_ENTRANCE = re.compile(
    r"[/\\](?:threading\.py:(?:run|_bootstrap|_bootstrap_inner)"
    r"|multiprocessing[/\\]process\.py:(?:run|_bootstrap)"
    r"|pytest_concurrency[/\\]children[/\\](?:worker|script_main)\.py:.*)$"
)
_STATES = {"D": "waiting in the kernel", "T": "stopped", "t": "stopped by a debugger", "Z": "ended"}


def stacks_of(pid: int, folder: str) -> str:
    """Ask a child for the stacks of its threads.

    Args:
        pid: the child, which `bootstrap` has prepared.
        folder: where the children of this run put their stacks.

    Returns:
        The stacks with source lines, innermost call last as in a traceback; or why there are none.
    """
    file = stacks_file(folder, pid)
    if not file.exists():
        return f"no stacks: process {pid} was not started through multiprocessing"
    written = file.stat().st_size
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, DUMP_SIGNAL)
    sizes = [written]

    def settled() -> bool:
        sizes.append(file.stat().st_size)
        return sizes[-1] > written and sizes[-1] == sizes[-2]

    wait_until(settled, 2.0)
    dump = file.read_bytes()[written:].decode(errors="replace")
    return readable(dump) if dump else f"no stacks: the process is {_state(pid)}"


def readable(dump: str) -> str:
    """Turn what faulthandler writes into what a traceback looks like.

    Args:
        dump: its text: innermost call first, no source lines.

    Returns:
        One paragraph a thread, innermost call last, with the source line of each call.
    """
    paragraphs: list[str] = []
    title = ""
    frames: list[re.Match[str]] = []

    def finish() -> None:
        if title and frames:
            paragraphs.append(_paragraph(title, frames))

    for text in dump.splitlines():
        thread = _THREAD.match(text)
        frame = _FRAME.match(text)
        if thread:
            finish()
            name = re.search(r"\[(.+)\]", thread["rest"])
            title, frames = repr(name[1]) if name else thread["ident"], []
        elif frame:
            frames.append(frame)
    finish()
    return "\n".join(paragraphs) or dump.strip()


def _paragraph(title: str, frames: list[re.Match[str]]) -> str:
    """Write one thread's stack; `frames` has the innermost call first."""
    shown: list[str] = []
    who = "main thread"
    for frame in frames:
        if _ENTRANCE.search(f"{frame['file']}:{frame['function']}"):
            if frame["file"].endswith("threading.py"):
                who = f"thread {title}"
            break
        place = f'  File "{frame["file"]}", line {frame["line"]}, in {frame["function"]}'
        source = linecache.getline(frame["file"], int(frame["line"])).strip()
        shown.append(f"{place}\n    {source}" if source else place)
    if not shown:
        shown.append("  in the function written in C that it was started with")
    return "\n".join([f"{who}, innermost call last:", *reversed(shown)])


def _state(pid: int) -> str:
    try:
        letter = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "gone"
    return _STATES.get(letter, f"in state {letter}")
