"""Reads of the journal."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from journal import access_rules
from journal.models import Deployment, Entry


def deployment() -> Deployment:
    """The one deployment row; made with defaults on first use (the migration makes it, a test's flush removes it)."""
    row, _ = Deployment.objects.get_or_create(pk=1)
    return row


def is_demo() -> bool:
    """Whether the deployment is a demonstration."""
    return deployment().is_demo


def entries_visible_to(user: Any) -> QuerySet[Entry]:
    """Entries that this user may read: all or none, by the rules that the apps above registered."""
    entries: QuerySet[Entry] = Entry.objects.all()
    return entries if access_rules.may_read(user) else entries.none()
