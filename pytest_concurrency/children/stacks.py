"""What a living child is doing: the stack of each of its threads, without its help."""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import sys
import traceback
from pathlib import Path

from pytest_concurrency.children.bootstrap import DUMP_SIGNAL, stacks_file
from pytest_concurrency.waiting import wait_until

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
        return "no stacks: it was not started through multiprocessing"
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


def stack_of_thread(ident: int) -> str:
    """The stack of a thread of this process, in the same form.

    Args:
        ident: its identifier.
    """
    frame = sys._current_frames().get(ident)
    calls = [
        (frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in traceback.walk_stack(frame)
    ]
    return "\n".join(_users_part(calls)) if frame is not None else ""


def _paragraph(title: str, frames: list[re.Match[str]]) -> str:
    """Write one thread's stack; `frames` has the innermost call first."""
    calls = [(frame["file"], int(frame["line"]), frame["function"]) for frame in frames]
    in_thread = any(
        file.endswith("threading.py") and name == "_bootstrap" for file, _, name in calls
    )
    who = f"thread {title}" if in_thread else "main thread"
    return "\n".join([f"{who}, innermost call last:", *_users_part(calls)])


def _users_part(calls: list[tuple[str, int, str]]) -> list[str]:
    """Write calls, given innermost first, without those that lead into the user's code."""
    shown: list[str] = []
    for file, line, function in calls:
        if _ENTRANCE.search(f"{file}:{function}"):
            break
        place = f'  File "{file}", line {line}, in {function}'
        source = linecache.getline(file, line).strip()
        shown.append(f"{place}\n    {source}" if source else place)
    return list(reversed(shown)) or ["  in the function written in C that it was started with"]


def _state(pid: int) -> str:
    try:
        letter = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "gone"
    return _STATES.get(letter, f"in state {letter}")
