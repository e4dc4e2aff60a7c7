"""The account that asks, its posts and roles, for programs and for our own pages."""

from __future__ import annotations

from typing import Any, cast

from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grids import selectors
from grids.frame.authentication import ANY
from grids.models import User
from grids.roles import LEVEL_LABELS, POST_KIND_LABELS, ROLE_LABELS, Role


def actor_of(request: Request) -> User:
    """The user who asks: every view of ours but the listed public ones has an authenticated one by then."""
    return cast(User, request.user)


class UserSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    full_name = serializers.CharField()


class RoleSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[(role.value, ROLE_LABELS[role]) for role in Role])
    label = serializers.CharField()  # type: ignore[assignment]


class PostSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[(kind.value, label) for kind, label in POST_KIND_LABELS.items()])
    level = serializers.ChoiceField(choices=[(level.value, label) for level, label in LEVEL_LABELS.items()])
    cell_code = serializers.CharField(help_text="区划代码")
    title = serializers.CharField()
    unit = serializers.CharField()


class MeSerializer(serializers.Serializer[Any]):
    user = UserSerializer()
    roles = RoleSerializer(many=True)
    posts = PostSerializer(many=True)
    csrf = serializers.CharField(help_text="浏览器会话写入时放进 X-CSRFToken；用令牌时为空")


EXAMPLE = {
    "user": {"id": 7, "username": "demo-clerk", "full_name": "演示甲"},
    "roles": [{"code": "bureau", "label": "市局经办"}],
    "posts": [{"kind": "bureau", "level": "city", "cell_code": "2105", "title": "经办", "unit": "市生态环境局"}],
    "csrf": "",
}


class Me(APIView):
    """The account that asks, and what follows from its posts of today."""

    token_scopes = {"GET": ANY}

    @extend_schema(
        operation_id="me",
        tags=["me"],
        summary="我的账号",
        description="账号、今天担任的岗位，以及由岗位而来的角色。",
        responses=MeSerializer,
        examples=[OpenApiExample("市局经办", value=EXAMPLE)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = actor_of(request)
        roles = selectors.roles_of(user)
        return Response(
            {
                "user": {"id": user.pk, "username": user.get_username(), "full_name": user.full_name},
                "roles": [{"code": role.value, "label": ROLE_LABELS[role]} for role in Role if role in roles],
                "posts": [
                    {
                        "kind": post.kind,
                        "level": post.level,
                        "cell_code": post.cell_code,
                        "title": post.title,
                        "unit": post.unit,
                    }
                    for post in selectors.posts_held(user)
                ],
                "csrf": "" if request.auth else get_token(request._request),
            }
        )
