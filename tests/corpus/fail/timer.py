"""A reminder is cancelled once the answer is there, although it may be on its way already.

Kind: order; `cancel` stops a timer that still waits, not a function that runs.
Primitive: threading.Timer. 1 actor that starts 1 timer.
"""

import threading


class Letter:
    def __init__(self) -> None:
        self.answered = False
        self.reminded = False


def setup() -> Letter:
    return Letter()


def correspond(letter: Letter) -> None:
    def remind() -> None:
        if not letter.answered:
            letter.reminded = True

    timer = threading.Timer(1.0, remind)
    timer.start()
    letter.answered = not letter.reminded
    timer.cancel()
    timer.join()


ACTORS = (correspond,)


def check(letter: Letter) -> bool:
    return letter.answered != letter.reminded
