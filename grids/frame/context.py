"""The context of every page: the deployment and the person before it; nothing is read until a template asks."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from core import clock
from core.recent import recently
from grids.frame import nav
from grids.models import Post
from grids.roles import ROLE_OF_POST, PostKind, Role
from grids.selectors import JOURNAL_READERS, posts_today, roles_of
from journal.jobs import working
from journal.models import Deployment
from journal.record import sealing
from journal.selectors import deployment

HASH_SHOWN = 12


def site(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `site` with title, is_demo, organisation, nav, post_label, now (aware), head."""
    return {"site": Site(request)}


def _troubles() -> list[str]:
    return working.working().troubles()


class Site:
    """The deployment and the user as a page shows them; lazy, so that it pays only for what it shows."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._user = getattr(request, "user", None)

    @cached_property
    def _deployment(self) -> Deployment:
        return recently("deployment", deployment)

    @property
    def title(self) -> str:
        """The title of the deployment."""
        return self._deployment.title

    @property
    def organisation(self) -> str:
        """The name of the deployment."""
        return self._deployment.name

    @property
    def is_demo(self) -> bool:
        """Whether 演示 must stand on everything."""
        return self._deployment.is_demo

    @property
    def now(self) -> datetime:
        """The time of the acts, aware; templates show it in Beijing time."""
        return clock.now()

    @cached_property
    def head(self) -> str:
        """The head of the journal, shortened; "" before the first seal."""
        seq, head_hash = recently("head", sealing.head)
        return f"{seq}:{head_hash[:HASH_SHOWN]}" if seq else ""

    @cached_property
    def _posts(self) -> list[Post]:
        return posts_today(self._user)

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The user's roles today."""
        if getattr(self._user, "is_system", False):
            return roles_of(self._user)
        return frozenset(ROLE_OF_POST[PostKind(post.kind)] for post in self._posts if post.kind in ROLE_OF_POST)

    @property
    def keeps_registers(self) -> bool:
        """Whether the user has more to do than to report: an inspector has a fire to report and no register to keep."""
        return bool(self.roles - {Role.INSPECTOR})

    @property
    def reads_journal(self) -> bool:
        """Whether a link into the journal leads anywhere for this user."""
        return bool(self.roles & JOURNAL_READERS)

    @cached_property
    def troubles(self) -> list[str]:
        """The troubles of the machinery, for the bureau and the auditors: failed jobs, a worker or sealer that is
        late."""
        return recently("troubles", _troubles) if self.roles & {Role.BUREAU, Role.AUDITOR} else []

    @property
    def post_label(self) -> str:
        """The first of the user's posts: unit and title."""
        return str(self._posts[0]) if self._posts else ""

    @cached_property
    def nav(self) -> list[dict[str, Any]]:
        """The pages open to the user, each with label, url and whether we are on it."""
        entries = []
        for item in nav.items_for(self.roles):
            try:
                url = reverse(item.url_name)
            except NoReverseMatch:
                continue  # the page is not part of this build
            path = self._request.path
            entries.append(
                {"label": item.label, "url": url, "current": path == url or (url != "/" and path.startswith(url))}
            )
        return entries
