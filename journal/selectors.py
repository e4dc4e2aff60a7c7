"""Reads of the journal."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from journal.models import Deployment, Entry
from journal.record import access_rules


def deployment() -> Deployment:
    """The one deployment row; made with defaults on first use (the migration makes it, a test's flush removes it)."""
    row, _ = Deployment.objects.get_or_create(pk=1)
    return row


def entries_visible_to(user: Any) -> QuerySet[Entry]:
    """Entries that this user may read: all or none, by the rules that the apps above registered."""
    entries: QuerySet[Entry] = Entry.objects.all()
    return entries if access_rules.may_read(user) else entries.none()
