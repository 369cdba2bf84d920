"""A request tests the stop flag, then counts itself in; a stop between the two frees the device.

Kind: check-then-act. The request count is atomic, the test before it is no part of it.
SCTBench CS/bluetooth_driver, for processes.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import asserted_by_the_actors


class Device:
    def __init__(self, context: BaseContext) -> None:
        self.pending = context.Value("i", 1)  # the driver itself holds one
        self.stopping = context.RawValue("b", False)
        self.idle = context.Event()
        self.stopped = context.RawValue("b", False)


def setup_with(context: BaseContext) -> Device:
    return Device(context)


def request(device: Device) -> None:
    if device.stopping.value:
        return
    enter(device)
    assert not device.stopped.value
    leave(device)


def stop(device: Device) -> None:
    device.stopping.value = True
    leave(device)
    device.idle.wait()
    device.stopped.value = True


def enter(device: Device) -> None:
    with device.pending.get_lock():
        device.pending.value += 1


def leave(device: Device) -> None:
    with device.pending.get_lock():
        device.pending.value -= 1
        left = device.pending.value
    if left == 0:
        device.idle.set()


ACTORS = (request, stop)
check = asserted_by_the_actors
