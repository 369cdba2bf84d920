"""A task of a pool receives from a pipe for ever, and so the pool never ends.

One tutorial gives a pool two tasks, one that sends five products through a pipe and one that
receives them in a `while True:`. All products arrive, and one expects the program to end. But the
receiving task waits for a sixth, and `join()` waits for the task. Nobody told it that the fifth was
the last.

So the one who knows that it is the last says so, in the same pipe: None is the usual word.

    pytest -p pytest_concurrency examples/c07_pools/test_11_pool_pipe_hangs.py --hazards=fail
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # neither Pool.join nor Connection.recv takes one


def produce(sender: Any) -> None:
    for number in range(1, 6):
        sender.send(f"product {number}")


def consume(receiver: Any) -> None:
    while True:
        receiver.recv()


@pytest.mark.hazard(
    "pool-pipe-consumer-hangs",
    match="does not return",
    why="the consumer waits for a sixth product, since nothing told it that there is none",
)
def test_a_pool_whose_consumer_is_never_told_to_stop_does_not_end(mp_context: Any) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    with receiver, sender, mp_context.Pool(2) as pool:
        produced = pool.apply_async(produce, (sender,))
        pool.apply_async(consume, (receiver,))
        produced.get(timeout=30)
        pool.close()
        joining = threading.Thread(target=pool.join)
        joining.start()
        joining.join(timeout=0.1)
        has_ended = not joining.is_alive()
        pool.terminate()
        joining.join(timeout=30)
    assert has_ended, (
        "five products were sent, nothing more is to be done, and pool.join() does not return"
    )


def produce_and_tell(sender: Any) -> None:
    produce(sender)
    sender.send(None)


def consume_until_told(receiver: Any) -> int:
    return len(list(iter(receiver.recv, None)))


@pytest.mark.fix("pool-pipe-consumer-hangs")
def test_a_last_none_tells_the_consumer_to_stop(mp_context: Any) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    with receiver, sender, mp_context.Pool(2) as pool:
        pool.apply_async(produce_and_tell, (sender,))
        consumed = pool.apply_async(consume_until_told, (receiver,))
        pool.close()
        pool.join()
        assert consumed.get(timeout=0) == 5


# See also: test_05_pool_not_joined.py, for close and join.
