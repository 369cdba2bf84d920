"""A schedule as a value: who runs, until which of its visible operations, and who goes on then.

A token is a schedule that can be printed, pasted and replayed, on another Python as well: it names
operations by kind, function, line within the function, and count, never by their place in bytecode.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from pytest_concurrency.errors import message

__all__ = ["BadToken", "Point", "Schedule", "Segment"]

_VERSION = "r1"
# The order is part of the format: append only.
_KINDS = (
    *("read", "write", "delete", "get-item", "set-item", "delete-item", "contains", "next"),
    *("spread", "in-place", "call", "enter", "exit", "yield"),
    *("begin", "await", "wait"),
)


class BadToken(ValueError):
    """A token cannot be read: it is damaged, no token at all, or of a newer version."""


class Point(NamedTuple):
    """A place in the run of an actor: just before one of its visible operations.

    Args:
        kind: The kind of the operation; "yield" where the actor gave way, which has no place.
        function: The function that it stands in.
        line: Its line, counted from the first line of the function, which is 0.
        nth: How often the actor has come to such an operation, this time included.
    """

    kind: str
    function: str
    line: int
    nth: int

    def __str__(self) -> str:
        times = "" if self.nth == 1 else f", time {self.nth}"
        return f"{self.kind} in {self.function}+{self.line}{times}"


class Segment(NamedTuple):
    """A stretch of a run in which one actor goes on alone.

    Args:
        actor: The actor; its path: "0" is the first one given, "0.1" the second that it started.
        until: Where it is made to wait; None if it goes on until it ends or is blocked.
    """

    actor: str
    until: Point | None = None


class Schedule(NamedTuple):
    """The segments of one run, in order."""

    segments: tuple[Segment, ...]

    @property
    def preemptions(self) -> int:
        """How often an actor was made to wait that could have gone on."""
        return sum(
            segment.until is not None and segment.until.kind != "yield" for segment in self.segments
        )

    @property
    def token(self) -> str:
        """The schedule as a short text that `Schedule.of` reads."""
        payload = _packed(self.segments)
        squeezed = zlib.compress(payload, 9)
        body = b"\1" + squeezed if len(squeezed) < len(payload) else b"\0" + payload
        checked = zlib.crc32(body).to_bytes(4, "big") + body
        return f"{_VERSION}.{base64.urlsafe_b64encode(checked).decode().rstrip('=')}"

    @classmethod
    def of(cls, token: str) -> Schedule:
        """Reads a token.

        Args:
            token: As printed by `token`.

        Raises:
            BadToken: It is damaged, no token at all, or of a newer version.
        """
        version, dot, text = token.strip().partition(".")
        if not dot or version[:1] != "r" or not version[1:].isdigit():
            raise _bad(token, "this is not the token of a schedule")
        if version != _VERSION:
            raise _bad(
                token, f"this token is of version {version}, and {_VERSION} is the newest known"
            )
        try:
            checked = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise _bad(
                token, "this token is damaged: it has wrong characters or lacks some"
            ) from None
        body = checked[4:]
        if len(body) < 2 or zlib.crc32(body).to_bytes(4, "big") != checked[:4]:
            raise _bad(token, "this token is damaged: its checksum does not fit")
        try:
            payload = zlib.decompress(body[1:]) if body[0] else body[1:]
            return cls(_unpacked(payload))
        except (zlib.error, IndexError, StopIteration, UnicodeDecodeError):
            raise _bad(token, "this token is damaged: its content makes no sense") from None


def _bad(token: str, what: str) -> BadToken:
    return BadToken(
        message(
            what,
            evidence=repr(token),
            cause="was a part of it lost when it was copied?",
            next_step="copy the token again from the line `replay:` of the finding",
        )
    )


def _packed(segments: tuple[Segment, ...]) -> bytes:
    """Writes the names once, then the segments as small numbers."""
    names = list(
        dict.fromkeys(
            name
            for actor, until in segments
            for name in ((actor,) if until is None else (actor, until.function))
        )
    )
    numbers = [len(names)]
    for actor, until in segments:
        numbers.append(names.index(actor))
        if until is None:
            numbers.append(0)
        else:
            numbers.append(_KINDS.index(until.kind) + 1)
            # Zigzag: the line of a decorator can lie before that of its function.
            line = until.line * 2 if until.line >= 0 else -until.line * 2 - 1
            numbers += (names.index(until.function), line, until.nth)
    packed = bytearray()
    for number in numbers[:1]:
        packed += _varint(number)
    for name in names:
        encoded = name.encode()
        packed += _varint(len(encoded)) + encoded
    for number in numbers[1:]:
        packed += _varint(number)
    return bytes(packed)


def _unpacked(payload: bytes) -> tuple[Segment, ...]:
    """Reads what `_packed` wrote."""
    data = iter(payload)
    names = [bytes(next(data) for _ in range(_number(data))).decode() for _ in range(_number(data))]
    segments = []
    for first in data:
        actor = names[_number(data, first)]
        kind = _number(data)
        if not kind:
            segments.append(Segment(actor))
            continue
        function, line, nth = names[_number(data)], _number(data), _number(data)
        line = -(line + 1) // 2 if line & 1 else line // 2
        segments.append(Segment(actor, Point(_KINDS[kind - 1], function, line, nth)))
    return tuple(segments)


def _varint(number: int) -> bytes:
    """Writes a number, seven bits a byte, low ones first."""
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _number(data: Iterator[int], first: int | None = None) -> int:
    """Reads what `_varint` wrote."""
    byte = next(data) if first is None else first
    number, shift = byte & 0x7F, 7
    while byte & 0x80:
        byte = next(data)
        number |= (byte & 0x7F) << shift
        shift += 7
    return number
