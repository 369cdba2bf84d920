"""The reminder and the answer agree under a lock on which of them came first.

Primitive: threading.Timer. 1 actor that starts 1 timer.
"""

import threading


class Letter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answered = False
        self.reminded = False


def setup() -> Letter:
    return Letter()


def correspond(letter: Letter) -> None:
    def remind() -> None:
        with letter.lock:
            if not letter.answered:
                letter.reminded = True

    timer = threading.Timer(1.0, remind)
    timer.start()
    with letter.lock:
        letter.answered = not letter.reminded
    timer.cancel()
    timer.join()


ACTORS = (correspond,)


def check(letter: Letter) -> bool:
    return letter.answered != letter.reminded
