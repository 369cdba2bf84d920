"""Source whose visible operations are written down in test_operations.py, line by line."""

import threading

TOTAL = 0
FIXED = 10


def helper(value):
    return value + 1


class Account:
    def __init__(self, limit):
        self.lock = threading.Lock()
        self.limit = limit
        self.balance = 0
        self.history = []

    def deposit(self, amount):
        with self.lock:
            self.balance += amount

    def withdraw(self, amount):
        if self.balance >= amount and FIXED:
            self.balance = self.balance - helper(amount)
            self.history.append(amount)

    def clear(self):
        self.lock.acquire()
        try:
            del self.balance
        finally:
            self.lock.release()


def count():
    global TOTAL
    for _ in range(2):
        TOTAL += 1
    return TOTAL


def items(shared, other):
    shared["a"] = shared["b"]
    shared["n"] += 1
    del shared["a"]
    shared[0:1] = other[1:2]
    return "c" in shared


def loops(shared, factor):
    found = [each * factor for each in shared]
    found += shared
    total = 0
    total += factor
    for key, value in shared.items():
        total += value
    first, second = shared
    return [*shared, *(n for n in range(3)), {**other(shared)}, len(shared), first, second, key]


def other(shared):
    result = shared.update(
        one=1,
        two=shared.pop(
            "two",
            None,
        ),
    )
    if result is not None:
        raise ValueError("nothing")
    return shared


def closures(pool):
    state = 0
    constant = 5

    def step():
        nonlocal state
        state += constant

    pool.submit(step, priority=1)
    pool.submit(*[step])
    return state


def nested(account, lock):
    with account.lock, lock as held:
        for _ in range(3):
            if account.balance:
                break
        held(None, None, None)


class Child(Account):
    def __init__(self, registry):
        super().__init__(1)
        registry.append(self)
        self.late = 1

    def read(self):
        return self.late + self.limit


FUNCTIONS = (
    Account.deposit,
    Account.withdraw,
    Account.clear,
    count,
    items,
    loops,
    other,
    closures,
    nested,
    Child.__init__,
    Child.read,
)
