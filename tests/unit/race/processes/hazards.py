"""What only processes do wrong; imported by the processes themselves."""

from __future__ import annotations

import random
import threading
from typing import Any

configured = {"limit": 1}
counter = 0
lock = threading.Lock()
generator = random.Random(1)


def ignores_the_limit(value: Any) -> None:
    value.value = configured["limit"]


def counts(value: Any) -> None:
    global counter
    counter += 1


def draws_first(values: Any) -> None:
    values[0] = generator.randrange(1 << 30)


def draws_second(values: Any) -> None:
    values[1] = generator.randrange(1 << 30)


def takes_the_lock(value: Any) -> None:
    with lock:
        value.value = 1


def appends(items: Any) -> None:
    items.append(1)
