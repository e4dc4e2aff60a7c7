"""Giving back to the system the memory that large work has left behind: otherwise the peak of one step stays for the next."""

from __future__ import annotations

import ctypes

import pyarrow as pa

LARGE = 100_000  # rows; what fewer leave behind is not worth the milliseconds


def give_back(rows: int) -> None:
    """Give back what Arrow and malloc hold and nobody uses, after work on so many rows. Only glibc can be asked."""
    if rows < LARGE:
        return
    pa.default_memory_pool().release_unused()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
