"""Building very many objects at once without Python looking through them again and again for cycles there are none of."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """For a second of work on tens of thousands of small objects: the cycle collector would walk all of them at each step of their
    growth, which takes longer than the work. What is no longer referred to goes at once as ever. Threads may overlap: when the first
    that entered leaves, it runs again."""
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()
