"""A request counts itself in first and tests the stop flag then.

SCTBench CS/bluetooth_driver: 2 threads with main, 13 steps; here both sides are actors (PERIOD).
"""

import threading

from tests.corpus.shared import AtomicCounter, asserted_by_the_actors


class Device:
    def __init__(self) -> None:
        self.pending = AtomicCounter(1)  # the driver itself holds one
        self.stopping = False
        self.idle = threading.Event()
        self.stopped = False


def setup() -> Device:
    return Device()


def request(device: Device) -> None:
    device.pending.add(1)
    if not device.stopping:
        assert not device.stopped
    leave(device)


def stop(device: Device) -> None:
    device.stopping = True
    leave(device)
    device.idle.wait()
    device.stopped = True


def leave(device: Device) -> None:
    if device.pending.add(-1) == 0:
        device.idle.set()


ACTORS = (request, stop)
check = asserted_by_the_actors
