"""The accounts that sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person (or the system account). What one may see and do follows from posts held, never from flags here."""

    full_name = models.CharField("姓名", max_length=60)
    phone = models.CharField("电话", max_length=30, blank=True)
    is_system = models.BooleanField(default=False)

    class Meta:
        db_table = "grids_user"

    def __str__(self) -> str:
        return self.full_name or self.username
