"""The acts of this app that may stand in the journal: one per transition, and what happens around a fire point."""

from collections.abc import Iterable

from django.urls import reverse

from firepoints.links import point_url, row_url
from firepoints.models import Evidence, Question
from firepoints.policy import ruling_acts
from firepoints.steps.workflow import TRANSITIONS
from firepoints.terms.states import Basis, Cause, Conclusion, State
from journal.record import acts, subjects

for transition in TRANSITIONS:
    acts.register(transition.entry, transition.label)

acts.register("fire_point.created", "形成火点")
acts.register("fire_point.gathered", "归并监测记录")
acts.register("fire_point.released", "移出监测记录")
acts.register("fire_point.day_moved", "起火日随依据更正")
acts.register("fire_point.took_in", "并入他处的火点")
acts.register("fire_point.gave_back", "退还并入的火点")
acts.register("evidence.stored", "收存佐证")
acts.register("recheck.drawn", "抽取复查")
acts.register("recheck.visited", "登记复查")
acts.register("ruling.set", "登记裁定")
acts.register("source.set", "登记来源")
acts.register("hotline.taken", "受理举报")
acts.register("hotline.answered", "办结举报")
acts.register("hotline.revealed", "查看举报人")
acts.register("import.committed", "导入入库")
acts.register("import.failed", "导入失败")
acts.register("import.withdrawn", "撤回导入")
acts.register("import.mapping_set", "设定列对应")
acts.register("import.row_mended", "更正隔离的行")
acts.register("import.row_discarded", "隔离的行不再处理")
acts.register("import.rows_dropped", "更正清单取消的行")
acts.register("feedback.due_set", "登记反馈期限")
acts.register("feedback.sent", "登记反馈报送")
acts.register("feedback.final_word", "登记发布单位终审意见")
acts.register("fire_point.questioned", "提请复核")
acts.register("question.closed", "问题不再成立")
acts.register("question.answered", "处理等待归处的一行")
acts.register("question.asked", "一行待处理：归入哪一处")
acts.register("fire_point.people_renewed", "责任人补录后重列")
acts.register("fire_point.reattribution_proposed", "更正版边界的重新归属建议")
acts.register("fire_point.reattribution_rejected", "不采用重新归属")
acts.register("period.recorded", "登记特殊时段")
acts.register("period.voided", "撤销特殊时段")


def _points(ids: list[str]) -> subjects.Told:
    from firepoints.models import FirePoint

    rows = FirePoint.objects.filter(pk__in=ids).values_list("pk", "number")
    return {str(pk): (number or f"疑似-{pk}", point_url(pk)) for pk, number in rows}


def _numbered(text: str) -> Iterable[int]:
    from firepoints.models import FirePoint

    return FirePoint.objects.filter(number=text).values_list("pk", flat=True) if "-" in text else ()


def _runs(ids: list[str]) -> subjects.Told:
    from firepoints.models import ImportRun

    rows = ImportRun.objects.filter(pk__in=ids).values_list("pk", "filename", "uuid")
    return {str(pk): (name, reverse("imports:run", args=[uuid])) for pk, name, uuid in rows}


def _rows(ids: list[str]) -> subjects.Told:
    from firepoints.models import RawRow

    rows = RawRow.objects.filter(pk__in=ids).select_related("run")
    return {
        str(row.pk): (f"{row.run.filename} 第 {row.row_no} 行", row_url(row.run.uuid, row.row_no, row.sheet))
        for row in rows
    }


def _evidence(ids: list[str]) -> subjects.Told:
    from firepoints.models import Evidence

    rows = Evidence.objects.filter(pk__in=ids).values_list("pk", "point_id", "point__number")
    return {str(pk): (f"{pk}（{number or f'疑似-{at}'}）", f"{point_url(at)}#evidence") for pk, at, number in rows}


subjects.register("firepoints.firepoint", "火点", _points, _numbered)
subjects.register("firepoints.importrun", "导入", _runs)
subjects.register("firepoints.rawrow", "清单的一行", _rows)
subjects.register("firepoints.evidence", "佐证", _evidence)
subjects.register("firepoints.question", "问题")
subjects.register("firepoints.recheckdraw", "复查抽取")
subjects.register("firepoints.ruling", "裁定")
subjects.register(ruling_acts.SUBJECT, "裁定", ruling_acts.told)
subjects.register("firepoints.source", "来源")
subjects.register("firepoints.specialperiod", "特殊时段")
subjects.register("firepoints.hotlinereport", "举报")
subjects.register_values("state", dict(State.choices))
subjects.register_values("conclusion", dict(Conclusion.choices))
subjects.register_values("cause", dict(Cause.choices))
subjects.register_values("basis", dict(Basis.choices))
subjects.register_values("kind", dict(Evidence.Kind.choices))
subjects.register_values("answer", dict(Question.Answer.choices))
subjects.register_fields(
    {
        "state": "状态", "version": "第几版", "number": "编号", "county_code": "属地县（区）", "counted": "计入",
        "verification": "核实记录", "recognition": "认定记录", "attribution": "属地记录", "conclusion": "核实结论",
        "finding": "复查结果", "until": "抽到什么时候报的",
        "cause": "不属实的原因", "evidence": "佐证（编号：摘要）", "payer_code": "扣缴单位", "burn_date": "起火日",
        "basis": "扣缴依据", "charged_detection": "据以扣缴的监测记录", "rule_ref": "规则", "amount_fen": "金额（分）",
        "detections": "监测记录", "points": "火点", "groups": "各处的监测记录", "into": "并入", "merged": "并入的火点",
        "question": "待核对的事项", "needs_person": "待核对的事项", "questions": "问题", "asked": "提出的问题",
        "answered": "答复的问题", "answer": "答复", "document_no": "文号", "taken_back": "撤回的认定",
        "attendances": "到场情况", "lon": "经度", "lat": "纬度", "proposal": "重新归属建议", "group": "组",
        "rows": "行", "kept": "入库", "identical": "相同", "superseded": "已被替代", "quarantined": "隔离",
        "outside": "界外", "notes": "说明行", "chunks": "分几次写入", "sha256": "文件摘要", "digest": "内容摘要",
        "count": "数目", "point": "火点", "kind": "种类", "uuid": "标识", "footprint_distance_m": "距像元（米）",
        "from": "原为", "to": "改为", "authority": "发现单位", "source_class": "来源类别", "parser": "读取方式",
    }
)  # fmt: skip
