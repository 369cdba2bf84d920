"""The auditor uses the right formula.

SCTBench CS/account, for tasks.
"""

import asyncio

OPENING, DEPOSIT, WITHDRAWAL = 1, 2, 4


class Account:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.balance = OPENING
        self.deposited = False
        self.withdrawn = False


def setup() -> Account:
    return Account()


async def audit(account: Account) -> None:
    async with account.lock:
        balance = account.balance
        await asyncio.sleep(0)
        if account.deposited and account.withdrawn:
            assert balance == OPENING + DEPOSIT - WITHDRAWAL


async def deposit(account: Account) -> None:
    async with account.lock:
        balance = account.balance
        await asyncio.sleep(0)
        account.balance = balance + DEPOSIT
        account.deposited = True


async def withdraw(account: Account) -> None:
    async with account.lock:
        balance = account.balance
        await asyncio.sleep(0)
        account.balance = balance - WITHDRAWAL
        account.withdrawn = True


ACTORS = (audit, deposit, withdraw)


def check(account: Account) -> bool:
    return account.balance == OPENING + DEPOSIT - WITHDRAWAL
