"""A request counts itself in first and tests the stop flag then.

SCTBench CS/bluetooth_driver, for tasks.
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
    device.pending += 1
    await asyncio.sleep(0)
    if not device.stopping:
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
