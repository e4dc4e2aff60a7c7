"""The journal for programs: entries and the head of the chain. Reads only, default deny."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.http.lists import Listing
from core.http.rest import KeyPagination
from core.http.schema import CSV_NOTE
from journal import access_rules, selectors
from journal.filters import EntryFilter
from journal.models import Entry
from journal.record import acts, sealing


class ReadsJournal(permissions.BasePermission):
    """Those whom a registered rule accepts, and reading only."""

    message = "只有获授权的岗位可以查看记录。"

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in permissions.SAFE_METHODS and access_rules.may_read(request.user)


class EntryPagination(KeyPagination):
    """Newest first."""

    ordering = "-id"


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """One entry with its place in the chain (null while it waits for the sealer)."""

    act_label = serializers.SerializerMethodField()
    seq = serializers.IntegerField(source="seal.seq", default=None, allow_null=True, read_only=True)
    seal_hash = serializers.CharField(source="seal.hash", default=None, allow_null=True, read_only=True)

    class Meta:
        model = Entry
        fields = (
            *("id", "uuid", "at", "real_at", "simulated", "act", "act_label", "subject_type", "subject_id"),
            *("actor_id", "way", "way_by", "before", "after", "reason", "digest", "seq", "seal_hash"),
        )

    def get_act_label(self, entry: Entry) -> str:
        return acts.label(entry.act)


class EntryList(Listing[Entry]):
    """The entries of the journal."""

    csv_name = "journal"

    queryset = Entry.objects.none()
    serializer_class = EntrySerializer
    permission_classes = (ReadsJournal,)
    pagination_class = EntryPagination
    filterset_class = EntryFilter

    def get_queryset(self) -> QuerySet[Entry]:
        return selectors.entries_visible_to(self.request.user).select_related("seal")

    @extend_schema(
        operation_id="journal_entries_list",
        tags=["journal"],
        summary="记录",
        description=f"新的在前。{CSV_NOTE}",
        responses={(200, "application/json"): EntrySerializer(many=True), (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.listed(request)


class Head(APIView):
    """The head of the chain, to be kept outside and given to `journal verify --expect` later."""

    permission_classes = (ReadsJournal,)

    @extend_schema(
        responses=inline_serializer(
            "JournalHead",
            {
                "head": serializers.CharField(),
                "seq": serializers.IntegerField(),
                "hash": serializers.CharField(),
                "unsealed": serializers.IntegerField(),
            },
        )
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        seq, head_hash = sealing.head()
        unsealed = sealing.waiting()
        return Response({"head": f"{seq}:{head_hash}", "seq": seq, "hash": head_hash, "unsealed": unsealed})
