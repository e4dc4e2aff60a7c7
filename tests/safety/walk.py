"""Every address of the deployment, from the URL patterns themselves: a new page is walked without being listed here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from firepoints.models import Evidence, Question, Ruling
from firepoints.policy import ruling_acts
from grids.models import ApiToken, User
from grids.people.tokens import token_issue
from grids.roles import PostKind
from journal.models import Proposal
from penalties.models import LedgerEntry
from tests.factories.city import EAST, WEST, designated, hold
from tests.factories.rulings import SCAN, ruled
from tests.safety.conftest import Scene

PUBLIC = {"login", "healthz"}
"""What anybody may open without signing in; the address below /api/ that does not exist answers 404 to anybody."""


@dataclass(frozen=True)
class Address:
    """One pattern with its arguments filled in; `has_arguments` if it had any."""

    name: str
    url: str
    has_arguments: bool

    def __str__(self) -> str:
        return f"{self.name} {self.url}"


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """(full name, pattern) of every pattern."""

    def below(resolver: URLResolver, spaces: list[str]) -> Iterator[tuple[str, URLPattern]]:
        for one in resolver.url_patterns:
            if isinstance(one, URLResolver):
                yield from below(one, [*spaces, one.namespace] if one.namespace else spaces)
            else:
                yield ":".join([*spaces, one.name or ""]), one

    yield from below(get_resolver(), [])


def _right(scene: Scene, name: str) -> dict[str, Any]:
    """Arguments under which there is something, by their names."""
    piece = Evidence.objects.filter(point=scene.west, kind="photo").first()
    row = scene.run.raw_rows.first()
    entry = scene.batch.entries.filter(payer_code=WEST).select_related("recognition__verification").first()
    assert piece is not None
    assert entry is not None
    if name.startswith("penalties:account_evidence"):
        piece = entry.recognition.verification.evidence.first()
    return {
        "point_id": entry.point_id if name.startswith("penalties:account") else scene.west.pk,
        "detection_id": entry.recognition.charged_detection_id,
        "entry_id": entry.pk,
        "point": scene.west.pk,
        "uuid": piece.uuid if name.startswith(("firepoints:", "penalties:account")) else scene.run.uuid,
        "row_no": row.row_no if row else 2,
        "pk": _key_of(scene, entry, name),
        "batch_id": scene.batch.pk,
        "document_id": scene.batch.documents.order_by("pk").values_list("pk", flat=True)[0],
        "action": "reopen",
        "step": "settle",
        "kind": "public" if name.startswith("penalties:circular") else "workbook",
        "code": WEST,
        **dict.fromkeys("zxy", 0),
        "job_id": scene.job.pk,
        "proposal_id": scene.proposal.pk,
        "token_id": _token(scene).pk,
        "question_id": _question(scene).pk,
        "ruling_id": _ruling(scene).pk,
        "asked_id": _asked_ruling(scene).pk,
        "edition_id": scene.city.edition.pk,
        "import_id": "7b0f2f0e-0000-4000-8000-000000000000",
        "what": "cells.xlsx",
        "verb": "phone",
    }


def _key_of(scene: Scene, entry: LedgerEntry, name: str) -> int:
    """What `pk` means at this address."""
    if name.startswith("penalties:circular"):
        return scene.circular.pk
    return {"penalties:entry": entry.pk, "penalties:rule": entry.rule_id}.get(name, scene.batch.pk)


def _question(scene: Scene) -> Question:
    """An open question about the suspected point."""
    words = {"kind": Question.Kind.OTHER, "words": "演示的问题"}
    return Question.objects.get_or_create(point=scene.suspected, **words)[0]


def _token(scene: Scene) -> ApiToken:
    """A token of the western county."""
    known = ApiToken.objects.filter(user=scene.city.west).first()
    return known or token_issue(user=scene.city.west, actor=None, label="平板", scopes=["read"])[0]


def _ruling(scene: Scene) -> Ruling:
    """A ruling that two persons set, with its scan."""
    on = date(2099, 1, 1)
    return Ruling.objects.filter(key="feedback_days", valid_from=on).first() or ruled(
        scene.city, "feedback_days", 8, on
    )


def _asked_ruling(scene: Scene) -> Proposal:
    """A ruling that waits for another person."""
    waiting = Proposal.objects.filter(act=ruling_acts.ACT, answered_at__isnull=True).first()
    return waiting or ruling_acts.ruling_propose(
        key="objection_days", value=9, valid_from=date(2099, 1, 1), document_no="演示〔2099〕1号", scan=SCAN,
        actor=scene.city.clerk,
    )  # fmt: skip


NUMBERS = (
    "point_id",
    "row_no",
    "pk",
    "batch_id",
    "entry_id",
    "detection_id",
    "document_id",
    "job_id",
    "token_id",
    "question_id",
    "proposal_id",
    "ruling_id",
    "asked_id",
    "edition_id",
    *"zxy",
)
"""The arguments of addresses that are numbers; each is tried with one that is not there, a large one and none at all."""

WRONG: list[dict[str, Any]] = [
    {
        **dict.fromkeys(NUMBERS, 999_999), "point": 999_999, "uuid": "00000000-0000-4000-8000-000000000000",
        "action": "extinguish", "step": "burn", "kind": "poem", "code": "000000",
        "import_id": "00000000-0000-4000-8000-000000000000", "what": "poem.txt", "verb": "burn",
    },
    {
        **dict.fromkeys(NUMBERS, 10**17), "point": "\x00", "uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "action": "-", "step": "-", "kind": "-", "code": "\x00",
        "import_id": "ffffffff-ffff-ffff-ffff-ffffffffffff", "what": "\x00", "verb": "-",
    },
    {
        **dict.fromkeys(NUMBERS, 10**40), "point": "9" * 400, "uuid": "00000000-0000-0000-0000-000000000000",
        "batch_id": 1, "entry_id": 10**17, "action": "a" * 300, "step": "a" * 300, "kind": "a" * 300, "code": "²" * 300,
        "import_id": "00000000-0000-0000-0000-000000000000", "what": "../../etc/passwd", "verb": "a" * 300,
    },
]  # fmt: skip


def addresses(scene: Scene, wrong: int | None = None) -> list[Address]:
    """Every address with arguments that are right, or wrong in one of the ways. A new kind of argument must be named
    here: KeyError says which."""
    found = []
    for name, pattern in patterns():
        values = _right(scene, name) if wrong is None else WRONG[wrong]
        if not name or not pattern.name:
            found.append(Address("(unknown)", "/api/nothing-of-this-name/", False))
            continue
        needed = pattern.pattern.converters
        chosen = {key: values[key] for key in needed}
        try:
            found.append(Address(name, reverse(name, kwargs=chosen), bool(needed)))
        except NoReverseMatch:
            assert wrong is not None, f"no right argument for {name}"
    return found


HOSTILE_QUERIES = (
    "/?month=9999-12", "/?month=0001-01", "/?month=０００１-01", "/?month=%00", "/?month=" + "9" * 5000,
    "/fire-points/?month=abc&state=x&county=%00&source=%27&q=%00", "/fire-points/?before=1-1&after=9-9",
    "/fire-points/?before=" + "9" * 17 + "-" + "9" * 18, "/fire-points/?after=" + "9" * 17 + "-1",
    "/fire-points/?q=%25%27%22%3Cscript%3Ealert(1)%3C/script%3E", "/fire-points/points.geojson?month=0000-00",
    "/fire-points/map.json?month=0000-00", "/fire-points/tiles/0/0/0.geojson?county=%00&state=x&q=%00",
    "/recognition/?point=%00", "/recognition/?point=" + "9" * 5000, "/recognition/?point=abc",
    "/proposals/?before=²", "/proposals/?before=" + "9" * 40, "/api/proposals/?answer=x", "/api/proposals/?subject_id=%00",
    "/journal/?date_to=9999-12-31", "/journal/?date_from=0001-01-01", "/journal/?before=" + "9" * 5000,
    "/journal/?after=" + "9" * 30, "/journal/?act=nothing", "/journal/?actor=" + "9" * 40, "/journal/?subject_id=%00",
    "/penalties/?before=2023-1%00.1", "/penalties/?before=" + "9" * 7 + ".9999", "/penalties/?before=.",
    "/penalties/circulars/?starts_on=%00&ends_on=9999-12-31", "/penalties/circulars/?starts_on=0001-01-01&ends_on=0001-01-31",
    "/imports/?before=" + "9" * 18, "/imports/?before=%C2%B2", "/imports/preview/", "/imports/preview/?token=../../x",
    "/imports/?source=%00&state=%00", "/imports/columns/", "/imports/columns/?token=x&mapping=%7B",
    "/imports/preview/?source=firms&name=../../../etc/passwd&token=" + "0" * 64,
    "/grid/cells.geojson?level=moon", "/grid/cells.geojson?level=county&edition=" + "9" * 5000,
    "/grid/cells.geojson?edition=%00", "/grid/cells.geojson?date=9999-12-31", "/grid/cells.geojson?date=0001-01-01",
    "/grid/cells.geojson?edition=%C2%B2", "/api/fire-points/?cursor=%00", "/api/fire-points/?month=2023-99",
    "/api/fire-points/?cursor=cD0lMDA%3D", "/api/fire-points/?format=geojson&page_size=-1", "/api/fire-points/?q=%00",
    "/api/fire-points/?format=xml", "/api/sightings/?cursor=cD1hYmM%3D", "/api/journal/entries/?cursor=cD1hYmM%3D",
    "/api/journal/entries/?date_to=9999-12-31", "/api/journal/entries/?date_from=0001-01-01",
    "/api/journal/entries/?actor=" + "9" * 40, "/api/imports/?page_size=" + "9" * 30, "/api/schema/?format=%00",
    "/login/?next=//evil.example/", "/login/?next=javascript:alert(1)",
)  # fmt: skip


def people(scene: Scene) -> dict[str, User]:
    """One person for each of the six roles, both counties, one with two posts, and one who holds no post at all."""
    city = scene.city
    return {
        "bureau": city.clerk,
        "recogniser": city.recogniser,
        f"county {WEST}": city.west,
        f"county {EAST}": city.east,
        f"county {EAST} + member": two_posts(),
        "inspector": city.inspector,
        "finance": city.finance,
        "auditor": city.auditor,
        "nobody": User.objects.get_or_create(username="nobody", defaults={"full_name": "演示无岗"})[0],
    }


def two_posts() -> User:
    """Somebody of the eastern department who is 网格员 of one of its villages as well."""
    known = User.objects.filter(username="both").first()
    if known is None:
        known = designated("both", EAST)
        hold(known, PostKind.MEMBER, f"{EAST}001001")
    return known


def signed_in(user: User | None) -> Client:
    """A browser that does not fall over at a 500, so that every address can be told of."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def body(response: Any) -> str:
    """What an answer says, if it is text."""
    kind = response.headers.get("Content-Type", "")
    if not any(part in kind for part in ("text/", "json", "javascript")):
        return ""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode("utf-8", "replace"))
