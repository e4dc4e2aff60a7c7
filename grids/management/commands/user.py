"""user add | list | identity | password | close | token: accounts, the posts that give them their rights, tokens for devices."""

import sys
from argparse import ArgumentParser
from datetime import date
from getpass import getpass
from typing import Any

from django.db import transaction

from core import clock
from core.commands import JinshaoCommand, Usage
from core.errors import Refused
from grids.management.options import acting_user, beijing_date
from grids.models import ApiToken, Term, TokenScope, User
from grids.people.identities import HOW, identity_set
from grids.people.posts import designate, post_create, term_start, user_close, user_create, user_password_set
from grids.people.tokens import DEFAULT_DAYS, token_issue, token_revoke, tokens_revoke_all
from grids.roles import POST_KIND_LABELS, PostKind
from grids.selectors import persons, roles_of, root_code
from grids.selectors.persons import alike_to

ASK = "-"


class Command(JinshaoCommand):
    help = "账号：开通（带岗位）、列出、重置密码"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="开通账号；随机密码只显示这一次")
        add.add_argument("name", metavar="NAME")
        add.add_argument("--full-name", required=True)
        add.add_argument("--phone", default="")
        add.add_argument("--identity", nargs="?", const=ASK, default="", metavar="NO",
                         help=f"工号或身份证号，只存摘要；不写号码就从标准输入读，不留在命令历史里。{HOW}")  # fmt: skip
        add.add_argument("--post", action="append", default=[], dest="posts", metavar="KIND@CELL",
                         help=f"岗位类别@网格代码，顶级可写 root；类别：{'、'.join(POST_KIND_LABELS)}")  # fmt: skip
        add.add_argument("--title", default="", help="岗位名称")
        add.add_argument("--unit", default="", help="单位")
        add.add_argument("--acting", action="store_true", help="代理")
        add.add_argument("--from", dest="starts", metavar="YYYY-MM-DD", help="任职日期，缺省为今天")
        add.add_argument("--designated-by", default="", metavar="DOC-NO", help="县（区）指定部门的指定文件文号")
        add.add_argument("--as", dest="username", metavar="USER")
        listed = verbs.add_parser("list", help="所有账号")
        listed.add_argument("--alike", action="store_true", help="只列相像的账号，和办理岗位上没有登记工号的")
        identity = verbs.add_parser("identity", help="登记一个账号的工号或身份证号，从标准输入读")
        identity.add_argument("name", metavar="NAME")
        identity.add_argument("--reason", default="", help="更改时的理由")
        identity.add_argument("--as", dest="username", metavar="USER")
        reset = verbs.add_parser("password", help="重置密码")
        reset.add_argument("name", metavar="NAME")
        reset.add_argument("--as", dest="username", metavar="USER")
        close = verbs.add_parser("close", help="停用账号，令牌随之收回")
        close.add_argument("name", metavar="NAME")
        close.add_argument("--reason", required=True)
        close.add_argument("--as", dest="username", metavar="USER")
        token = verbs.add_parser("token", help="发放一台设备或一个系统的接口令牌（只显示这一次），或列出、收回")
        token.add_argument("name", metavar="NAME")
        token.add_argument("--label", default="接口", help="用途：哪台设备或哪个系统")
        token.add_argument("--scope", default=TokenScope.READ.value, metavar="A,B",
                           help=f"权限，逗号分隔；可用：{'、'.join(TokenScope.values)}；缺省 read")  # fmt: skip
        token.add_argument("--days", type=int, default=DEFAULT_DAYS, help="有效天数")
        token.add_argument("--list", action="store_true", dest="is_list", help="只列出，不发新的")
        token.add_argument("--revoke", nargs="?", const="all", metavar="ID", help="只收回：一个，或全部")
        token.add_argument("--as", dest="username", metavar="USER")

    def run(self, *, verb: str, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = getattr(self, f"_{verb}")(**options)
        return result

    @transaction.atomic
    def _add(self, *, name: str, full_name: str, phone: str, posts: list[str], starts: str | None,
             username: str | None, identity: str, **options: Any) -> dict[str, Any]:  # fmt: skip
        actor = acting_user(username)
        on = beijing_date(starts, "--from") if starts else clock.today_beijing()
        identity = _asked_for() if identity == ASK else identity
        user, password = user_create(username=name, full_name=full_name, phone=phone, actor=actor, identity=identity)
        for text in posts:
            self._appoint(user, text, on, actor, options)
        alike = [{"user": other.username, "full_name": other.full_name, "why": why} for other, why in alike_to(user)]
        return _described(user) | {"password": password, "alike": alike}

    def _appoint(self, user: User, text: str, on: date, actor: User, options: dict[str, Any]) -> None:
        kind, at, cell = text.partition("@")
        if not at or not cell or kind not in POST_KIND_LABELS:
            raise Usage(f"--post 应为 类别@网格代码，不是“{text}”；类别：{'、'.join(POST_KIND_LABELS)}")
        if cell == "root":
            cell = root_code()
            if not cell:
                raise Refused("还没有启用的边界版本，不知道顶级网格的代码。", code="no_edition")
        post = post_create(kind=kind, cell_code=cell, title=options["title"], unit=options["unit"], actor=actor)
        if post.terms.filter(ends__isnull=True).exists():
            # Another person in the same kind of post is another post, never a silent succession.
            post = post_create(kind=kind, cell_code=cell, title=f"{post.title}（{user.full_name}）",
                               unit=options["unit"], actor=actor)  # fmt: skip
        term_start(post=post, holder=user, starts=on, is_acting=options["acting"], actor=actor)
        if kind == PostKind.COUNTY and options["designated_by"]:
            designate(county_code=cell, post=post, document_no=options["designated_by"], valid_from=on, actor=actor)

    def _list(self, *, alike: bool, **_: Any) -> dict[str, Any]:
        if alike:
            groups = [
                {"why": group.why, "users": [{"user": user.username, "full_name": user.full_name,
                                              "has_identity": bool(user.identity)} for user in group.users]}
                for group in persons.alike()
            ]  # fmt: skip
            return {"alike": groups, "without_identity": [user.username for user in persons.without_identity()]}
        return {"users": [_described(user) for user in User.objects.order_by("username")]}

    def _identity(self, *, name: str, reason: str, username: str | None, **_: Any) -> dict[str, Any]:
        user = identity_set(user=_account(name), identity=_asked_for(), actor=acting_user(username), reason=reason)
        return {"user": name, "has_identity": bool(user.identity)}

    def _password(self, *, name: str, username: str | None, **_: Any) -> dict[str, Any]:
        return {"user": name, "password": user_password_set(user=_account(name), actor=acting_user(username))}

    def _close(self, *, name: str, reason: str, username: str | None, **_: Any) -> dict[str, Any]:
        user = user_close(user=_account(name), actor=acting_user(username), reason=reason)
        return {"user": name, "active": user.is_active}

    def _token(self, *, name: str, label: str, scope: str, days: int, is_list: bool, revoke: str | None,
               username: str | None, **_: Any) -> dict[str, Any]:  # fmt: skip
        user, actor = _account(name), acting_user(username)
        if is_list:
            return {"user": name, "tokens": [_token_facts(token) for token in user.api_tokens.order_by("pk")]}
        if revoke == "all":
            return {"user": name, "revoked": tokens_revoke_all(user=user, actor=actor, reason="命令收回")}
        if revoke is not None:
            if not revoke.isdecimal() or not user.api_tokens.filter(pk=int(revoke)).exists():
                raise Refused(f"账号“{name}”没有第 {revoke} 号令牌。", code="no_token")
            return {"user": name, "revoked": token_revoke(token_id=int(revoke), actor=None, by=actor).pk}
        scopes = [scope_name.strip() for scope_name in scope.split(",") if scope_name.strip()]
        token, key = token_issue(user=user, actor=actor, label=label, scopes=scopes, days=days)
        return {"user": name, "token": key, **_token_facts(token)}

    def show(self, result: dict[str, Any]) -> None:
        if "without_identity" in result:
            for group in result["alike"]:
                self.stdout.write(f"{group['why']}：{'、'.join(_named(row) for row in group['users'])}")
            self.stdout.write(f"没有登记工号：{'、'.join(result['without_identity']) or '没有'}")
            return
        for other in result.get("alike", []):
            self.stderr.write(f"注意：与账号 {_named(other)} {other['why']}；是同一个人的，用原来的账号")
        for row in result.get("users", [result]):
            posts = "，".join(f"{post['kind']}@{post['cell']}" for post in row.get("posts", []))
            self.stdout.write(" ".join(filter(None, (row["user"], row.get("full_name"), posts))))
            if "password" in row:
                self.stdout.write(f"密码（只显示这一次）：{row['password']}")
            if "token" in row:
                self.stdout.write(f"接口令牌（只显示这一次）：{row['token']}")
            if "revoked" in row:
                self.stdout.write("令牌已收回" if row["revoked"] else "没有令牌")
            for token in row.get("tokens", []):
                self.stdout.write(f"{token['id']} {token['label']} {token['hint']}… {token['scope']} {token['state']}")


def _named(row: dict[str, Any]) -> str:
    return f"{row['user']}（{row['full_name']}）"


def _asked_for() -> str:
    """The number from the terminal, unseen, or the first line of the standard input."""
    return getpass("工号或身份证号：") if sys.stdin.isatty() else sys.stdin.readline().strip()


def _account(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise Refused(f"没有账号“{name}”。", code="no_user")
    return user


def _token_facts(token: ApiToken) -> dict[str, Any]:
    state = "revoked" if token.revoked_at else "expired" if token.expires_at <= clock.now() else "live"
    return {
        "id": token.pk,
        "label": token.label,
        "hint": token.hint,
        "scope": token.scopes.replace(" ", ","),
        "expires_at": token.expires_at.isoformat(timespec="seconds"),
        "state": state,
    }


def _described(user: User) -> dict[str, Any]:
    terms = Term.objects.filter(holder=user, ends__isnull=True).select_related("post").order_by("post__cell_code")
    return {
        "user": user.username,
        "full_name": user.full_name,
        "active": user.is_active,
        "has_identity": bool(user.identity),
        "roles": sorted(roles_of(user)),
        "posts": [
            {"kind": term.post.kind, "cell": term.post.cell_code, "title": term.post.title, "starts": term.starts}
            for term in terms
        ],
    }
