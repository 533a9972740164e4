"""A mailbox that holds the newest item per key: the reader always drains, the worker always takes the newest."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Dict, Generic, Hashable, Optional, Tuple, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class LatestMailbox(Generic[K, T]):
    """Thread-safe, one slot per key, drop-oldest, served round-robin so that no key starves another."""

    def __init__(self) -> None:
        self._slots: "OrderedDict[K, T]" = OrderedDict()
        self._dropped: Dict[K, int] = {}
        self._condition = threading.Condition()
        self._closed = False

    def put(self, key: K, item: T) -> bool:
        """Store ``item``; return True if it replaced one that nobody took (which counts as dropped)."""
        with self._condition:
            replaced = key in self._slots
            self._slots[key] = item  # keeps the place in the queue of the item that it replaces
            if replaced:
                self._dropped[key] = self._dropped.get(key, 0) + 1
            else:
                self._condition.notify()
            return replaced

    def take(self, timeout: Optional[float] = None) -> Optional[Tuple[K, T]]:
        """Return the key that waits longest with its newest item; None after ``timeout`` seconds or once closed."""
        with self._condition:
            if not self._condition.wait_for(lambda: bool(self._slots) or self._closed, timeout):
                return None
            return self._slots.popitem(last=False) if self._slots else None

    def take_key(self, key: K) -> Optional[T]:
        """Return the newest item of one key without waiting; None if there is none."""
        with self._condition:
            return self._slots.pop(key, None)

    def close(self) -> None:
        """Wake all takers; what is still stored can be taken, afterwards ``take`` returns None at once."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def dropped(self, key: K) -> int:
        """Return how many items of ``key`` were replaced before anybody took them."""
        with self._condition:
            return self._dropped.get(key, 0)

    def __len__(self) -> int:
        with self._condition:
            return len(self._slots)
