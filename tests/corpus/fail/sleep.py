"""A reader sleeps for a moment, which is surely long enough for the writer.

Kind: order, by sleeping.
Primitive: time.sleep. 2 threads, 3 steps. The sleep is never waited for on a virtual clock.
"""

import time


class Message:
    def __init__(self) -> None:
        self.text = ""
        self.read = ""


def setup() -> Message:
    return Message()


def read(message: Message) -> None:
    time.sleep(0.05)
    message.read = message.text


def write(message: Message) -> None:
    message.text = "hello"


ACTORS = (read, write)


def check(message: Message) -> bool:
    return message.read == "hello"
