"""提请 for programs: the list, one proposal, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.http.lists import Listing
from core.http.rest import KeyPagination
from core.http.schema import CSV_NOTE, ONCE
from journal.filters import ProposalFilter
from journal.models import Proposal
from journal.once import once
from journal.proposals import describe, selectors, services

ACT_SCOPE = "act"  # the tokens that may answer; their scopes live in an app above


class ReadsProposals(permissions.BasePermission):
    """Those who may read the proposals of an act."""

    message = "只有两人办理的岗位可以查看提请。"

    def has_permission(self, request: Request, view: APIView) -> bool:
        return selectors.may_see_any(request.user)


class ProposalPagination(KeyPagination):
    """Newest first."""

    ordering = "-id"


class ProposalShape(serializers.Serializer[Any]):
    """One proposal as the user reads it."""

    id = serializers.IntegerField()
    act = serializers.CharField(help_text="提请的事项，如 fire_point.merged")
    label = serializers.CharField()  # type: ignore[assignment]
    subject_kind = serializers.CharField()
    subject_id = serializers.CharField()
    subject = serializers.CharField(help_text="对象的名称，如火点编号")
    url = serializers.CharField(help_text="对象的页面")
    version = serializers.CharField(help_text="提请时对象的版本；对象变了，提请即失效")
    data = serializers.DictField()  # type: ignore[assignment]
    reason = serializers.CharField()
    asked_by = serializers.IntegerField()
    asked_by_name = serializers.CharField()
    asked_at = serializers.DateTimeField()
    is_open = serializers.BooleanField(help_text="还没有答复")
    is_current = serializers.BooleanField(help_text="对象还是提请时的样子")
    effects = serializers.ListField(child=serializers.CharField(), help_text="同意以后会怎样")
    may_answer = serializers.BooleanField(help_text="您可以答复")
    refusal = serializers.CharField(help_text="为什么不能由您答复；空：可以")
    may_take_back = serializers.BooleanField(help_text="您可以撤回")
    answer = serializers.ChoiceField(choices=[("", "没有答复"), *Proposal.Answer.choices])
    answer_label = serializers.CharField()
    answered_by = serializers.IntegerField(allow_null=True)
    answered_by_name = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer_reason = serializers.CharField()


class AnswerInput(serializers.Serializer[Any]):
    """The answer: accepted or refused by another person, lapsed by the asker."""

    answer = serializers.ChoiceField(choices=Proposal.Answer.choices)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, help_text="不同意、撤回要写")


class Proposals(Listing[Proposal]):
    """The proposals that the user may see."""

    csv_name = "proposals"
    queryset = Proposal.objects.none()
    serializer_class = ProposalShape
    permission_classes = (ReadsProposals,)
    pagination_class = ProposalPagination
    filterset_class = ProposalFilter

    def get_queryset(self) -> QuerySet[Proposal]:
        return selectors.visible_to(self.request.user)

    def present(self, rows: Sequence[Proposal]) -> list[dict[str, Any]]:
        return describe.plain(rows, self.request.user)

    @extend_schema(
        operation_id="proposals_list",
        tags=["proposals"],
        summary="提请",
        description=f"要由两人办理的事项，新的在前。{CSV_NOTE}",
        responses={(200, "application/json"): ProposalShape(many=True), (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.listed(request)


class ProposalAnswer(APIView):
    """The one answer of a proposal."""

    token_scopes = {"POST": ACT_SCOPE}
    permission_classes = (ReadsProposals,)

    @extend_schema(
        operation_id="proposal_answer",
        tags=["proposals"],
        summary="答复提请",
        description=(
            "accepted：同意，事项随即办理；refused：不同意，写明理由；lapsed：提请人撤回。提请人自己同意：403 not_allowed；"
            "已答复过：409 proposal_answered；提请后情况已变：409 proposal_lapsed。"
        ),
        parameters=[ONCE],
        request=AnswerInput,
        responses=ProposalShape,
    )
    @once
    def post(self, request: Request, proposal_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
        selectors.proposal_for(request.user, proposal_id)
        serializer = AnswerInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        proposal = services.answer(
            proposal_id=proposal_id, actor=request.user, answer=fields["answer"], reason=fields.get("reason", "")
        )
        return Response(describe.plain([proposal], request.user)[0])
