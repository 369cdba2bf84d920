"""Small racy functions whose operations the tests of the story put in order by hand."""

import threading


class Counter:
    def __init__(self) -> None:
        self.value = 0

    def increment(self) -> None:
        self.value += 1

    def limited(self, limit: int) -> None:
        if self.value < limit:
            self.value += 1

    def twice(self) -> None:
        before = self.value
        self.value += 1
        assert self.value == before + 1


class Account:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.balance = 10


def transfer(giver: Account, taker: Account) -> None:
    with giver.lock:
        with taker.lock:
            giver.balance -= 5
            taker.balance += 5


def add_up(first: Account, second: Account) -> None:
    assert first.balance + second.balance == 20


class Cache:
    def __init__(self) -> None:
        self.entries: dict[str, int] = {}
        self.ready = False

    def use(self, key: str) -> int:
        if key in self.entries:
            return self.entries[key]
        return 0

    def forget(self, key: str) -> None:
        del self.entries[key]

    def fill(self, keys: list[str]) -> None:
        for key in keys:
            self.entries[key] = len(key)
        self.ready = True

    def wait(self) -> None:
        while not self.ready:
            pass


class Mailbox:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.letters: list[str] = []

    def receive(self) -> str:
        with self.changed:
            self.changed.wait()
            return self.letters.pop()

    def send(self, letter: str) -> None:
        with self.changed:
            self.letters.append(letter)
            self.changed.notify()
