"""The thread that computes the report is joined before it is written.

Primitive: Thread.start and join. 1 actor that starts 1 thread, 4 steps.
"""

import threading


class Office:
    def __init__(self) -> None:
        self.result = 0
        self.report = 0


def setup() -> Office:
    return Office()


def write_report(office: Office) -> None:
    def compute() -> None:
        office.result = 42

    worker = threading.Thread(target=compute)
    worker.start()
    worker.join()
    office.report = office.result


ACTORS = (write_report,)


def check(office: Office) -> bool:
    return office.report == 42
