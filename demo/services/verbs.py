"""The verbs of a story: each is one act of the real services, by the person whose turn it is, with drawn evidence."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core import clock
from demo import pictures
from demo.files import NAMESPACE
from demo.story import Story
from firepoints.evidence.pieces import evidence_store
from firepoints.life.proposing import act_or_propose
from firepoints.models import Evidence, FirePoint
from firepoints.sightings import footprints
from firepoints.steps.selectors import active_detections
from firepoints.terms.states import Cause, Conclusion
from grids import locating
from grids.geo.footprint import from_local_xy, local_xy
from grids.models import User
from grids.selectors import system_user
from journal.proposals import services as proposals

SIGNED = "演示签字人"
SECONDS = ("recogniser2", "chief", "recogniser")
"""The accounts, in their order, that accept what takes two persons."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of one story: the point as it is now, who plays whom, and which step it is (from 0)."""

    story: Story
    point: FirePoint
    cast: Mapping[str, User]
    counties: Mapping[str, str]
    step: int
    sites: int = 1

    @property
    def department(self) -> User:
        """The designated department of the county that owns the point."""
        return self.cast[f"county{self.point.county_code or self.story.county}"]

    def take(self, action: str, actor: User, **data: Any) -> FirePoint:
        """Take the act on the version just read, where it takes two persons with another one's acceptance; the point
        afterwards."""
        outcome = act_or_propose(
            point_id=self.point.pk, action=action, actor=actor, data=data, expected_version=self.point.version
        )
        if outcome.proposal is None:
            return outcome.point
        proposals.accept(proposal_id=outcome.proposal.pk, actor=second_of(self.cast, actor), reason="核对过，同意")
        return FirePoint.objects.get(pk=self.point.pk)


def second_of(cast: Mapping[str, User], actor: User) -> User:
    """The second person beside `actor`: another one who decides."""
    return next(cast[name] for name in SECONDS if name in cast and cast[name] != actor)


def dispatch(scene: Scene) -> None:
    scene.take("dispatch", scene.cast["clerk"])


def close(scene: Scene) -> None:
    scene.take("close", scene.cast["clerk"], reason=scene.story.note)


def report(scene: Scene, **burnt: Any) -> None:
    """属实, with what burnt as `burnt` says it, else one new site of an invented area."""
    subject = "scar" if "scar" in scene.story.seen else "fire"
    evidence = photos(scene, scene.department, subject, 2)
    answers = {"sites": scene.sites, "is_new": True, **_area(scene), **burnt}
    scene.take(
        "report",
        scene.department,
        conclusion=Conclusion.TRUE.value,
        evidence=evidence,
        note=scene.story.note,
        **answers,
    )


def report_false(scene: Scene) -> None:
    """查否, with all that it needs: three photos inside the footprint, a track, a cause and a signature."""
    actor = scene.department
    evidence = [*photos(scene, actor, "none", 3), _track(scene, actor)]
    is_grass = "荒草" in scene.story.note
    scene.take(
        "report",
        actor,
        conclusion=Conclusion.FALSE.value,
        evidence=evidence,
        cause=(Cause.GRASS if is_grass else Cause.RUBBISH).value,
        note=scene.story.note,
        signed_by=SIGNED,
    )


def send_back(scene: Scene) -> None:
    scene.take("return", scene.cast["clerk"], reason="照片看不出过火田块，请补拍近景和四至")


def verify_own(scene: Scene) -> None:
    officer = scene.cast["officer"]
    evidence = photos(scene, officer, "scar" if "scar" in scene.story.seen else "fire", 2)
    burnt = {"sites": scene.sites, "is_new": True, **_area(scene)}
    scene.take(
        "verify_own", officer, conclusion=Conclusion.TRUE.value, evidence=evidence, note=scene.story.note, **burnt
    )


def mark_cross(scene: Scene) -> None:
    scene.take("mark_cross", scene.cast["clerk"], reason=f"{scene.story.note}，由市执法人员会同两地共同核实")


def dispute(scene: Scene) -> None:
    scene.take("dispute", scene.department, reason="现场位于河对岸，请市局会同核实")


def settle_jointly(
    scene: Scene, conclusion: Conclusion = Conclusion.TRUE, sites: Sequence[Mapping[str, Any]] = ()
) -> None:
    """The joint record: the county found is there and signs, another one stays away after two notices. `sites`: where it
    burnt, else one somewhere in that county within what the sensors saw."""
    officer = scene.cast["officer"]
    named = {site["county_code"] for site in sites if "county_code" in site}
    concerned = sorted({*scene.point.counties.values_list("county_code", flat=True), scene.story.county, *named})
    parties: list[dict[str, Any]] = [{"party": "演示市生态环境局", "outcome": "present", "signer": officer.full_name}]
    for code in concerned:
        is_owner = code == scene.story.county
        signer = scene.cast[f"county{code}"].full_name
        parties.append(
            {"party": f"{scene.counties[code]}指定部门（演示）", "county_code": code}
            | ({"outcome": "present", "signer": signer} if is_owner else _absent(scene, officer, code))
        )
    scene.take(
        "settle_jointly",
        officer,
        conclusion=conclusion.value,
        cause="" if conclusion == Conclusion.TRUE else Cause.NO_TRACE.value,
        county_code=scene.story.county,
        **({"sites": list(sites) or [_site(scene)]} if conclusion == Conclusion.TRUE else {}),
        attendances=parties,
        evidence=[*photos(scene, officer, "fire", 1), _scan(scene, officer, "JOINT RECORD (DEMO)")],
        note=f"过火地块位于{scene.counties[scene.story.county]}一侧",
    )


def recognise(scene: Scene) -> None:
    scene.take("recognise", scene.cast["recogniser"], reason="核实属实，依据四（二）计入一处")


def exclude(scene: Scene) -> None:
    found_true = scene.point.verification is not None and scene.point.verification.conclusion == Conclusion.TRUE
    reason = "县（区）自查发现，按现行裁定不计入" if found_true else "查否材料齐全，现场复核认可，不计入"
    scene.take("exclude", scene.cast["recogniser"], reason=reason)


def notify(scene: Scene) -> None:
    scene.take("notify", scene.cast["clerk"], reason="通报属地县（区）政府")


def waive(scene: Scene) -> None:
    scene.take("waive", scene.department, document_no=f"演示函〔{clock.today_beijing().year}〕{scene.point.pk}号")


def lapse(scene: Scene) -> None:
    scene.take("lapse", system_user())


def raise_objection(scene: Scene) -> None:
    scene.take("object", scene.department, reason="现场系烧除田埂荒草，附照片，请复核")


def _area(scene: Scene) -> dict[str, Any]:
    """An invented area and crop, the same for a story whenever it is played."""
    chance = random.Random(f"{scene.story.key}/area")  # noqa: S311  not for secrets
    crop = "水稻" if "稻" in scene.story.note else "玉米"
    return {
        "burnt_mu": f"{chance.uniform(0.8, 9):.1f}",
        "measured_by": chance.choice(["walked", "estimated"]),
        "crop": crop,
    }


def _absent(scene: Scene, officer: User, code: str) -> dict[str, Any]:
    """The absence of a county that was called twice, with the papers that were served on it."""
    days = [max(scene.point.burn_date, clock.today_beijing() - timedelta(days=ago)) for ago in (1, 0)]
    notices = [
        {
            "served_on": day.isoformat(),
            "addressee": f"{scene.counties[code]}指定部门（演示）",
            "scan": _scan(scene, officer, f"NOTICE {number} TO {code} (DEMO)", f"notice-{code}-{number}"),
        }
        for number, day in enumerate(days, start=1)
    ]
    return {"outcome": "absent", "notices": notices}


def _site(scene: Scene) -> dict[str, float]:
    where = scene.point.attribution
    area = footprints.seen(active_detections(scene.point))
    if where is not None:
        counties = locating.index_for(where.edition).locators["county"]
        area = area.intersection(counties.geometries[list(counties.codes).index(scene.story.county)]) or area
    inside = area.representative_point()
    return {"lon": round(inside.x, 6), "lat": round(inside.y, 6)}


VERBS: dict[str, Callable[[Scene], None]] = {
    "dispatch": dispatch,
    "close": close,
    "report": report,
    "report_false": report_false,
    "return": send_back,
    "verify_own": verify_own,
    "mark_cross": mark_cross,
    "dispute": dispute,
    "settle_jointly": settle_jointly,
    "recognise": recognise,
    "exclude": exclude,
    "notify": notify,
    "waive": waive,
    "lapse": lapse,
    "object": raise_objection,
}
ACTION_OF = {verb: "report" if verb == "report_false" else verb for verb in VERBS}


def photos(scene: Scene, actor: User, subject: str, number: int) -> list[str]:
    """Photos taken within 60 m of the point, some minutes before now; returns their UUIDs."""
    return [_photo(scene, actor, subject, at) for at in range(number)]


def _photo(scene: Scene, actor: User, subject: str, at: int) -> str:
    name = f"{scene.story.key}/{scene.step}/photo{at}"
    chance = random.Random(name)  # noqa: S311  not for secrets
    lon, lat = _beside(scene.point, chance.uniform(-60, 60), chance.uniform(-60, 60))
    taken_at = clock.now() - timedelta(minutes=50 - 7 * at)
    content = pictures.photo(pictures.Shot(subject, lon, lat, taken_at, name))
    return _stored(
        scene, actor, name, content, kind=Evidence.Kind.PHOTO, lon=lon, lat=lat, accuracy_m=round(chance.uniform(4, 15), 1),
        device_at=taken_at, filename=f"{name.replace('/', '-')}.jpg", caption="演示，示意图",
    )  # fmt: skip


def _track(scene: Scene, actor: User) -> str:
    """A search in lanes over all that the sensors saw of the point, some way beyond its edge."""
    area = footprints.seen(active_detections(scene.point))
    west, south, east, north = area.bounds
    lane_m, step_m = 150, 60
    east_m, north_m = (float(value) for value in local_xy(east, north, west, south))
    positions = [
        tuple(float(value) for value in from_local_xy(min(along, east_m), across, west, south))
        for lane, across in enumerate(range(0, int(north_m) + lane_m, lane_m))
        for along in list(range(0, int(east_m) + step_m, step_m))[:: -1 if lane % 2 else 1]
    ]
    content = pictures.track([(lon, lat) for lon, lat in positions])
    name = f"{scene.story.key}/{scene.step}/track"
    return _stored(
        scene, actor, name, content, kind=Evidence.Kind.TRACK, device_at=clock.now(), filename="搜索轨迹.json"
    )


def _scan(scene: Scene, actor: User, title: str, paper: str = "scan") -> str:
    name = f"{scene.story.key}/{scene.step}/{paper}"
    filename = "联合核实记录-演示.png" if paper == "scan" else f"{paper}-演示.png"
    return _stored(scene, actor, name, pictures.scan(title), kind=Evidence.Kind.SCAN, filename=filename)


def _stored(scene: Scene, actor: User, name: str, content: bytes, **facts: Any) -> str:
    """Store evidence; its UUID, made from the name (a device makes its own), so that a load cut short sends the same again."""
    key = uuid.uuid5(NAMESPACE, name)
    evidence_store(point=scene.point, actor=actor, uuid=key, file=content, **facts)
    return str(key)


def _beside(point: FirePoint, east_m: float, north_m: float) -> tuple[float, float]:
    lon, lat = from_local_xy(east_m, north_m, point.lon, point.lat)
    return round(float(lon), 6), round(float(lat), 6)
