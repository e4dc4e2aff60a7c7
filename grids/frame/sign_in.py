"""The wait of a name after wrong passwords, before django-axes locks it for the address that guesses.

The lock is for name and address together, so that nobody can lock another out. Before it, the pause between two tries from
one address doubles. A name that is guessed from several addresses at once is slow for every address from which it has
never signed in: who sits where he always sits does not notice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Final

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.db.models import Max, Sum
from django.http import HttpRequest

from core import clock
from core.http.client_ip import client_ip
from core.http.rest import is_storable

FREE_TRIES: Final = 3
FIRST_PAUSE_S: Final = 2
SEVERAL_ADDRESSES: Final = 3
"""So many addresses must each have been locked for a name before it is slow elsewhere: one alone never gets there."""
ELSEWHERE_PAUSE_S: Final = 30
FAMILIAR_DAYS: Final = 90


def wait_s(request: HttpRequest, username: str) -> int:
    """The seconds until this name may be tried again from this address; 0 when it may be now.

    What axes has locked is left to axes, whose answer says so.
    """
    if not is_storable(username):
        return 0
    address, now = client_ip(request) or None, clock.real_now()
    since = now - timedelta(hours=settings.AXES_COOLOFF_TIME)
    # One row an address (and browser): few, even when many guess.
    rows = (
        AccessAttempt.objects.filter(username=username, attempt_time__gte=since)
        .order_by()
        .values_list("ip_address")
        .annotate(number=Sum("failures_since_start"), last=Max("attempt_time"))
    )
    failures: dict[str | None, tuple[int, datetime]] = {ip: (number, last) for ip, number, last in rows}
    number, last = failures.pop(address, (0, since))
    if number >= settings.AXES_FAILURE_LIMIT:
        return 0
    until = last + timedelta(seconds=_pause_s(number))
    if _is_guessed_elsewhere(failures) and not _is_familiar(username, address, now):
        newest = max([last, *(moment for _, moment in failures.values())])
        until = max(until, newest + timedelta(seconds=ELSEWHERE_PAUSE_S))
    return max(0, ceil((until - now).total_seconds()))


def _pause_s(failures: int) -> int:
    """The pause in seconds: none for the first slips, then 2, 4, 8 …"""
    return FIRST_PAUSE_S * 2 ** (failures - FREE_TRIES) if failures >= FREE_TRIES else 0


def _is_guessed_elsewhere(failures: dict[str | None, tuple[int, datetime]]) -> bool:
    return sum(number >= settings.AXES_FAILURE_LIMIT for number, _ in failures.values()) >= SEVERAL_ADDRESSES


def _is_familiar(username: str, address: str | None, now: datetime) -> bool:
    """Whether the name has signed in from the address of late."""
    since = now - timedelta(days=FAMILIAR_DAYS)
    return bool(AccessLog.objects.filter(username=username, ip_address=address, attempt_time__gte=since).exists())
