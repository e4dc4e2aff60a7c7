"""Canonical JSON and the hashes over it, the same on every database and machine. Pure, no ORM.

Floats need care: PostgreSQL's jsonb writes 1e+22 back as an integer and has no −0, so a float that is a whole
number is stored as an integer; what is hashed is then exactly what is read back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

GENESIS = "0" * 64
SCALARS = (bool, int, str, float, date, Decimal, UUID)  # a datetime is a date


def plain(value: Any) -> Any:
    """The value as JSON that survives any database unchanged. Raises TypeError or ValueError for what cannot.

    Times become ISO 8601 in UTC, sets become sorted lists, decimals and UUIDs become strings.
    """
    if value is None or isinstance(value, SCALARS):
        return _plain_scalar(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(below) for key, below in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(below) for below in value), key=canonical)
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(below) for below in value]
    raise TypeError(f"{type(value).__name__} cannot be written to the journal")


def _plain_scalar(value: Any) -> Any:
    """One of SCALARS, or None, as JSON. Raises ValueError for NaN, infinity and a naive time."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        # jsonb knows no NUL and UTF-8 no lone surrogate; a raw row from a broken file may hold both.
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("NaN and infinity have no place in the journal")
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime):
        return iso_utc(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def iso_utc(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds, always the same width. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("a naive time has no meaning here")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(value: Any) -> str:
    """The one JSON text of a plain value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sha256(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of a plain value."""
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def entry_digest(entry: Any) -> str:
    """The digest of an entry's facts (anything with the attributes of `journal.models.Entry`).

    An entry that was made before ways were recorded has none, and its digest is the one it was made with.
    """
    way = {"way": [entry.way, entry.way_by]} if entry.way else {}
    return sha256(
        way
        | {
            "uuid": str(entry.uuid),
            "at": iso_utc(entry.at),
            "real_at": iso_utc(entry.real_at),
            "simulated": bool(entry.simulated),
            "act": entry.act,
            "subject": [entry.subject_type, entry.subject_id],
            "actor_id": entry.actor_id,
            "before": entry.before,
            "after": entry.after,
            "reason": entry.reason,
        }
    )


def seal_hash(*, seq: int, prev_hash: str, digest: str, sealed_at: datetime, epoch: int) -> str:
    """The hash of one link of the chain."""
    return sha256({"seq": seq, "prev": prev_hash, "digest": digest, "sealed_at": iso_utc(sealed_at), "epoch": epoch})


def keyed(value: Any, key_hex: str) -> str:
    """HMAC-SHA-256 (hex) of a value: equal values can be told equal, but a phone number cannot be guessed back."""
    return hmac.new(bytes.fromhex(key_hex), canonical(plain(value)).encode("utf-8"), hashlib.sha256).hexdigest()
