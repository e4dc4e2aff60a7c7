"""Fetching a small text over HTTP from a server that may be slow, wrong or rude: whole, within a time, or not at all.

A secret in the address never leaves this module: not in a message, not in a log.
"""

from __future__ import annotations

import contextlib
import http.client
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Any

AT_ONCE = 65_536
LONGEST_WAIT_S = 86_400.0


class FetchFailed(Exception):
    """The body did not come whole and in time. `wait_s`: how long the server asked us to wait (None: it did not say)."""

    def __init__(self, why: str, *, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class _Stay(urllib.request.HTTPRedirectHandler):
    """A handler that follows no redirect: the address holds the key, and must not go to another server."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def fetch(url: str, *, secret: str, total_s: float, most_bytes: int, silence_s: float = 20) -> bytes:
    """The body of a GET. Raises FetchFailed when it is not complete after `total_s` seconds, larger than `most_bytes`,
    cut off, or answered with anything but 200; its words do not contain `secret`.
    """
    if not url.startswith(("http://", "https://")):
        raise FetchFailed("地址要以 http:// 或 https:// 开头")
    until = time.monotonic() + total_s
    request = urllib.request.Request(url, headers={"User-Agent": "jinshao", "Accept": "text/csv"})  # noqa: S310  checked above
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=min(silence_s, total_s)) as answer:
            return _whole(answer, until, total_s, most_bytes)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchFailed(_said_of(error), wait_s=_asked_wait(error.headers)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = str(getattr(error, "reason", "") or error) or type(error).__name__
        raise FetchFailed(f"连接失败：{why.replace(secret, '***') if secret else why}"[:200]) from None


def _whole(answer: Any, until: float, total_s: float, most_bytes: int) -> bytes:
    """The whole body of an answer. Each read waits for what is there, so that a trickle is noticed, not waited out."""
    parts, size = [], 0
    while part := _some(answer):
        size += len(part)
        if size > most_bytes:
            raise FetchFailed(f"超过 {most_bytes // 1_000_000} MB，不收")
        parts.append(part)
        if time.monotonic() > until:
            raise FetchFailed(f"{total_s:g} 秒没有收完")
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) != size:
        raise FetchFailed(f"连接中断：应有 {length} 字节，只收到 {size} 字节")
    return b"".join(parts)


def _some(answer: Any) -> bytes:
    chunk: bytes = answer.read1(AT_ONCE)
    return chunk


def _said_of(error: urllib.error.HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"服务器要求转到别处（{error.code}），不跟随"
    words = {401: "密钥不对", 403: "密钥不对或没有权限", 404: "没有这个地址", 429: "请求太多"}
    return f"服务器答复 {error.code}：{words.get(error.code, '服务器出错' if error.code >= 500 else '请求被拒绝')}"


def _asked_wait(headers: Any) -> float | None:
    """Retry-After in seconds: a number or a date; at most a day, and never in the past."""
    retry_after = (headers.get("Retry-After") or "").strip() if headers else ""
    if retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after[:9]), LONGEST_WAIT_S)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return min(max(parsedate_to_datetime(retry_after).timestamp() - time.time(), 0.0), LONGEST_WAIT_S)
    return None
