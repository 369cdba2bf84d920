"""The auditor, when it comes last, subtracts the deposit instead of adding it.

Kind: order. Only the order in which the auditor is third makes the wrong formula show.
SCTBench CS/account: 4 threads with main, 8 steps.
"""

import threading

OPENING, DEPOSIT, WITHDRAWAL = 1, 2, 4


class Account:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.balance = OPENING
        self.deposited = False
        self.withdrawn = False


def setup() -> Account:
    return Account()


def audit(account: Account) -> None:
    with account.lock:
        if account.deposited and account.withdrawn:
            assert account.balance == OPENING - DEPOSIT - WITHDRAWAL


def deposit(account: Account) -> None:
    with account.lock:
        account.balance += DEPOSIT
        account.deposited = True


def withdraw(account: Account) -> None:
    with account.lock:
        account.balance -= WITHDRAWAL
        account.withdrawn = True


ACTORS = (audit, deposit, withdraw)


def check(account: Account) -> bool:
    return account.balance == OPENING + DEPOSIT - WITHDRAWAL
