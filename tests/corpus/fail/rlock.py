"""Asking whether the money is there and paying are locked one by one; another pays in between.

Kind: check-then-act.
Primitive: RLock. 2 threads, 8 steps.
"""

import threading


class Account:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.balance = 100

    def can_pay(self, amount: int) -> bool:
        with self.lock:
            return self.balance >= amount

    def pay(self, amount: int) -> None:
        with self.lock:
            self.balance -= amount


def setup() -> Account:
    return Account()


def buy(account: Account) -> None:
    if account.can_pay(80):
        account.pay(80)


ACTORS = (buy, buy)


def check(account: Account) -> bool:
    return account.balance >= 0
