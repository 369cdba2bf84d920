"""The reader sleeps until the writer says that the text is there.

Primitive: time.sleep. 2 threads, 4 steps for each look. The loop polls: a scheduler must be fair.
"""

import time


class Message:
    def __init__(self) -> None:
        self.text = ""
        self.read = ""


def setup() -> Message:
    return Message()


def read(message: Message) -> None:
    while not message.text:
        time.sleep(0.05)
    message.read = message.text


def write(message: Message) -> None:
    message.text = "hello"


ACTORS = (read, write)


def check(message: Message) -> bool:
    return message.read == "hello"
