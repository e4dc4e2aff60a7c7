"""The accounts that sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class User(AbstractUser):
    """A person (or the system account). What one may see and do follows from posts held, never from flags here."""

    full_name = models.CharField("姓名", max_length=60)
    phone = models.CharField("电话", max_length=30, blank=True)
    is_system = models.BooleanField(default=False)
    # A keyed digest of the staff or ID number; a closed account keeps it, so that its acts stay that person's.
    identity = models.CharField("工号摘要", max_length=80, default="", blank=True)

    class Meta:
        db_table = "grids_user"
        constraints = [
            models.UniqueConstraint(
                fields=["identity"], condition=Q(is_active=True) & ~Q(identity=""), name="one_account_per_person"
            )
        ]

    def __str__(self) -> str:
        return self.full_name or self.username
