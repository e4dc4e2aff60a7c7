"""overlay import | propose | list | areas | accept | reject | end: places that are hints on a point (C1, C15)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from core import clock
from core.commands import JinshaoCommand
from firepoints.sightings.fixed_heat import fixed_heat_propose
from grids.management.options import acting_user, beijing_date
from grids.models import Overlay
from grids.overlays.area_exports import TARGET_WORDS, areas_described, areas_write, check_areas_target
from grids.overlays.files import read_places
from grids.overlays.overlays import overlay_decide, overlay_end, overlay_load
from grids.roles import LEVELS, Level
from grids.selectors.overlay_areas import overlay_areas


class Command(JinshaoCommand):
    help = "提示图层：建成区、林区、重点区域、固定热源、耕地、计划烧除"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("import", help="从边界文件导入一类图层")
        load.add_argument("path", type=Path, nargs="+", metavar="FILE")
        load.add_argument("--kind", required=True, choices=Overlay.Kind.values)
        load.add_argument("--from", required=True, dest="valid_from", metavar="YYYY-MM-DD")
        load.add_argument("--to", dest="valid_to", metavar="YYYY-MM-DD")
        load.add_argument("--datum", default="wgs84")
        load.add_argument("--crs", default="", metavar="EPSG")
        load.add_argument("--layer", default="")
        load.add_argument("--name-column", default="")
        load.add_argument("--buffer-m", type=float, default=0.0, help="道路、点状场所两侧的宽度")
        load.add_argument("--document", default="", help="依据")
        load.add_argument("--as", dest="username", metavar="USER")
        propose = verbs.add_parser("propose", help="由监测历史提出固定热源，待人确认")
        propose.add_argument("--until", metavar="YYYY-MM-DD")
        propose.add_argument("--as", dest="username", metavar="USER")
        listed = verbs.add_parser("list", help="列出图层")
        listed.add_argument("--kind", choices=Overlay.Kind.values)
        areas = verbs.add_parser("areas", help="各类图层在每个网格里有多少亩、多少公顷")
        areas.add_argument("--kind", choices=Overlay.Kind.values, default="", help="缺省为当天生效的每一类")
        areas.add_argument("--level", choices=LEVELS, default=Level.COUNTY)
        areas.add_argument("--on", metavar="YYYY-MM-DD", help="哪一天生效的图层和边界；缺省为今天（北京）")
        areas.add_argument("--out", type=Path, help=f"另存为 {TARGET_WORDS}")
        areas.add_argument("--as", dest="username", metavar="USER")
        for verb, help_text in (("accept", "确认"), ("reject", "不采用"), ("end", "终止")):
            decision = verbs.add_parser(verb, help=help_text)
            decision.add_argument("id", type=int, metavar="ID")
            decision.add_argument("--reason", required=True)
            decision.add_argument("--as", dest="username", required=True, metavar="USER")
            if verb == "end":
                decision.add_argument("--on", required=True, metavar="YYYY-MM-DD")

    def run(self, *, verb: str, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = getattr(self, f"_{verb}")(**options)
        return result

    def _import(self, *, path: list[Path], kind: str, valid_from: str, valid_to: str | None, document: str,
                username: str | None, **reading: Any) -> dict[str, Any]:  # fmt: skip
        places = read_places(path, **reading)
        number = overlay_load(
            kind=kind,
            places=places,
            valid_from=beijing_date(valid_from, "--from"),
            valid_to=beijing_date(valid_to, "--to") if valid_to else None,
            document_no=document,
            actor=acting_user(username),
        )
        return {"kind": kind, "places": number}

    def _propose(self, *, until: str | None, username: str | None, **_: Any) -> dict[str, Any]:
        on = beijing_date(until, "--until") if until else clock.today_beijing()
        return {"proposed": fixed_heat_propose(until=on, actor=acting_user(username))}

    def _list(self, *, kind: str | None, **_: Any) -> dict[str, Any]:
        rows = Overlay.objects.defer("geometry").order_by("kind", "name", "pk")
        overlays = rows.filter(kind=kind) if kind else rows
        return {"overlays": [_described(row) for row in overlays]}

    def _areas(self, *, kind: str, level: str, on: str | None, out: Path | None, username: str | None,
               **_: Any) -> dict[str, Any]:  # fmt: skip
        actor = acting_user(username)
        if out:
            check_areas_target(out)  # before the work, which may take minutes
        areas = overlay_areas(on=beijing_date(on, "--on") if on else clock.today_beijing(), level=level, kind=kind)
        described = areas_described(areas)
        if out:
            described |= {"file": str(out), "layers": areas_write(areas=areas, out=out, actor=actor)}
        return described

    def show(self, result: dict[str, Any]) -> None:
        if "totals" not in result:
            super().show(result)
            return
        labels = [Overlay.Kind(kind).label for kind in result["kinds"]]
        self.stdout.write("\t".join(["代码", "名称", *(f"{label}（亩）\t{label}（公顷）" for label in labels)]))
        total = {"code": "", "name": "合计", "overlays": result["totals"]}
        for row in (*result["cells"], total):
            sizes = (row["overlays"][kind] for kind in result["kinds"])
            numbers = (f"{size['mu']:.2f}\t{size['hectares']:.4f}" for size in sizes)
            self.stdout.write("\t".join([row["code"], row["name"], *numbers]))
        for note in result["notes"]:
            self.stdout.write(f"注意：{note}")
        if "file" in result:
            self.stdout.write(f"已存为 {result['file']}")

    def _accept(self, **options: Any) -> dict[str, Any]:
        return self._decide(is_accepted=True, **options)

    def _reject(self, **options: Any) -> dict[str, Any]:
        return self._decide(is_accepted=False, **options)

    def _decide(self, *, is_accepted: bool, id: int, reason: str, username: str, **_: Any) -> dict[str, Any]:
        actor = acting_user(username)
        return _described(overlay_decide(overlay_id=id, is_accepted=is_accepted, actor=actor, reason=reason))

    def _end(self, *, id: int, on: str, reason: str, username: str, **_: Any) -> dict[str, Any]:
        actor = acting_user(username)
        return _described(overlay_end(overlay_id=id, valid_to=beijing_date(on, "--on"), actor=actor, reason=reason))


def _described(row: Overlay) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "name": row.name,
        "state": row.state,
        "from": row.valid_from.isoformat(),
        "to": row.valid_to.isoformat() if row.valid_to else None,
        "note": row.note,
    }
