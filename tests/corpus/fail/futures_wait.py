"""The sum is taken as soon as one of two futures is done.

Kind: order.
Primitive: concurrent.futures.wait and ThreadPoolExecutor. 1 actor with a pool of 2 threads.
"""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait


class Bill:
    def __init__(self) -> None:
        self.total = 0


def setup() -> Bill:
    return Bill()


def price(number: int) -> int:
    return number * 10


def add_up(bill: Bill) -> None:
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(price, number) for number in (1, 2)]
        done, _ = wait(futures, return_when=FIRST_COMPLETED)
        bill.total = sum(future.result() for future in done)


ACTORS = (add_up,)


def check(bill: Bill) -> bool:
    return bill.total == 30
