"""The auditor, when it comes last, subtracts the deposit instead of adding it.

Kind: order. Only the orders in which the auditor is third make the wrong formula show.
SCTBench CS/account, for processes.
"""

from multiprocessing.context import BaseContext

OPENING, DEPOSIT, WITHDRAWAL = 1, 2, 4


class Account:
    def __init__(self, context: BaseContext) -> None:
        self.lock = context.Lock()
        self.balance = context.RawValue("i", OPENING)
        self.deposited = context.RawValue("b", False)
        self.withdrawn = context.RawValue("b", False)


def setup_with(context: BaseContext) -> Account:
    return Account(context)


def audit(account: Account) -> None:
    with account.lock:
        if account.deposited.value and account.withdrawn.value:
            assert account.balance.value == OPENING - DEPOSIT - WITHDRAWAL


def deposit(account: Account) -> None:
    with account.lock:
        account.balance.value += DEPOSIT
        account.deposited.value = True


def withdraw(account: Account) -> None:
    with account.lock:
        account.balance.value -= WITHDRAWAL
        account.withdrawn.value = True


ACTORS = (audit, deposit, withdraw)


def check(account: Account) -> bool:
    return bool(account.balance.value == OPENING + DEPOSIT - WITHDRAWAL)
