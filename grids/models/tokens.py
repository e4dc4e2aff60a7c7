"""Tokens by which a device or another system speaks for an account. The token itself is nowhere: only its digest."""

from django.db import models
from django.db.models import F, Q

from core import clock
from grids.models.users import User


class TokenScope(models.TextChoices):
    """The uses of a token, within what the posts of its account allow."""

    READ = "read", "查看"
    REPORT = "report", "上报发现和佐证"
    IMPORT = "import", "导入和撤回"
    ACT = "act", "办理火点"
    MONEY = "money", "办理扣缴批次"


class ApiToken(models.Model):
    """One token of one account, for one device or system. When it was used is in journal.Access, never written here."""

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    label = models.CharField("用途", max_length=60)
    # sha256 of 256 random bits: nothing to guess, so no salt and no slow hash, and it is found by an index.
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField("开头", max_length=12)
    scopes = models.CharField("权限", max_length=60, help_text="TokenScope, space between")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField("到期")
    revoked_at = models.DateTimeField("收回", null=True, blank=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        db_table = "grids_api_token"
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_expires_later"),
            models.CheckConstraint(condition=~Q(scopes=""), name="token_has_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.label}（{self.hint}…）"

    @property
    def scope_set(self) -> frozenset[str]:
        """The scopes as a set."""
        return frozenset(self.scopes.split())

    @property
    def scope_labels(self) -> str:
        """The scopes in words, in the order of the table."""
        return "、".join(str(scope.label) for scope in TokenScope if scope in self.scope_set)
