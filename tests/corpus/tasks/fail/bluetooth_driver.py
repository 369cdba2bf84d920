"""A request tests the stop flag, then counts itself in; a stop between the two frees the device.

Kind: check-then-act. The await between the test and the count is where the stop comes in.
SCTBench CS/bluetooth_driver, for tasks: the count is atomic because nothing awaits within it.
"""

import asyncio

from tests.corpus.shared import asserted_by_the_actors


class Device:
    def __init__(self) -> None:
        self.pending = 1  # the driver itself holds one
        self.stopping = False
        self.idle = asyncio.Event()
        self.stopped = False


def setup() -> Device:
    return Device()


async def request(device: Device) -> None:
    if device.stopping:
        return
    await asyncio.sleep(0)
    device.pending += 1
    await asyncio.sleep(0)
    assert not device.stopped
    leave(device)


async def stop(device: Device) -> None:
    device.stopping = True
    await asyncio.sleep(0)
    leave(device)
    await device.idle.wait()
    device.stopped = True


def leave(device: Device) -> None:
    device.pending -= 1
    if device.pending == 0:
        device.idle.set()


ACTORS = (request, stop)
check = asserted_by_the_actors
