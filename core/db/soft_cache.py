"""A Redis cache that may be missing: without its server the product is slower, never broken.

Nothing in the cache is a fact: outlines of cells are made again, and a rate limit without its counter lets through.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
T = TypeVar("T")

PAUSE_S = 5.0
"""After a failure the cache is not asked for so long: a page must not wait for every key of a dead server."""
PATIENCE = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0}
"""For OPTIONS: a server that does not answer is treated as one that is gone."""


class SoftRedisCache(RedisCache):
    """Django's Redis cache; a server that is gone is an empty cache that keeps nothing."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**PATIENCE, **params.get("OPTIONS", {})}})
        self._again_at = 0.0

    def _try(self, ask: Callable[[], T], otherwise: T) -> T:
        if time.monotonic() < self._again_at:
            return otherwise
        try:
            return ask()
        except (RedisError, OSError) as error:
            self._again_at = time.monotonic() + PAUSE_S
            log.warning("cache.lost", error=f"{type(error).__name__}: {error}"[:200], pause_s=PAUSE_S)
            return otherwise

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._try(lambda: bool(super(SoftRedisCache, self).add(key, value, timeout, version)), False)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(SoftRedisCache, self).get(key, default, version), default)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._try(lambda: super(SoftRedisCache, self).set(key, value, timeout, version), None)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._try(lambda: bool(super(SoftRedisCache, self).touch(key, timeout, version)), False)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._try(lambda: bool(super(SoftRedisCache, self).delete(key, version)), False)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._try(lambda: dict(super(SoftRedisCache, self).get_many(keys, version)), {})

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._try(lambda: bool(super(SoftRedisCache, self).has_key(key, version)), False)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """The value after adding `delta`. Raises ValueError for a key that is not there, also when the whole cache is away."""
        total: int | None = self._try(lambda: int(super(SoftRedisCache, self).incr(key, delta, version)), None)
        if total is None:
            raise ValueError(f"Key {key!r} not found: the cache is away")
        return total

    def set_many(self, data: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[Any]:
        failed_keys: list[Any] | None = self._try(
            lambda: list(super(SoftRedisCache, self).set_many(data, timeout, version)), None
        )
        return list(data) if failed_keys is None else failed_keys

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._try(lambda: super(SoftRedisCache, self).delete_many(keys, version), None)

    def clear(self) -> None:
        self._try(lambda: super(SoftRedisCache, self).clear(), None)
