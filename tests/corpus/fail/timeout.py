"""A wait with a timeout is over, and nobody asks whether the event came or the time was up.

Kind: order; the timeout wins.
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
    message.arrived.wait(timeout=1.0)
    message.read = message.text


def write(message: Message) -> None:
    message.text = "hello"
    message.arrived.set()


ACTORS = (read, write)


def check(message: Message) -> bool:
    return message.read == "hello"
