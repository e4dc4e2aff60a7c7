"""Imports of rosters of people, and the calls that test their phones (C2, C5)."""

import uuid

from django.conf import settings
from django.db import models

from core import clock
from core.db.immutable import AppendOnlyModel


class RosterImport(AppendOnlyModel):
    """One workbook of people as it was taken in: what it changed, and each row that it could not take, with its reason.

    `counts` = {"rows", "users", "posts", "terms", "phones", "same", "rejected"}; `rejected` = [{"row", "column",
    "reason"}] with the row of the sheet (1-based), `notes` the same of rows that were taken: no telephone number stands in
    either. The workbook itself stays in the filing: it holds phone numbers.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=200)
    counts = models.JSONField(default=dict)
    rejected = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_roster_import"
        ordering = ["-id"]


class PhoneCheck(AppendOnlyModel):
    """One call to a responsible person: it was answered, or it was not. The last call says whether the number works.

    `phone_digest` is the keyed digest of the number called: a new number has not been tried yet.
    """

    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="phone_checks")
    phone_digest = models.CharField(max_length=64, default="", blank=True)
    is_answered = models.BooleanField("接通")
    note = models.CharField("说明", max_length=200, blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_phone_check"
        indexes = [models.Index(fields=["holder", "-id"], name="phone_check_holder_ix")]
