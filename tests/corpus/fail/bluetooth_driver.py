"""A request tests the stop flag, then counts itself in; a stop between the two frees the device.

Kind: check-then-act. The request count is atomic, the test before it is no part of it.
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
    if device.stopping:
        return
    device.pending.add(1)
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
