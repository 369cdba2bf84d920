"""The wait says whether the event came, and the reader says it too.

Primitive: a timeout (Event.wait). 2 threads, 4 steps.
"""

import threading


class Message:
    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.text = ""
        self.read = ""


def setup() -> Message:
    return Message()


def read(message: Message) -> None:
    message.read = message.text if message.arrived.wait(timeout=1.0) else "nothing came"


def write(message: Message) -> None:
    message.text = "hello"
    message.arrived.set()


ACTORS = (read, write)


def check(message: Message) -> bool:
    return message.read in {"hello", "nothing came"}
