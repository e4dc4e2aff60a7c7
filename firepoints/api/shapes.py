"""The shapes of what this app's API answers: for the schema, for what `present` reads, checked against real answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from firepoints.models import Attribution, Detection, Evidence, ImportRun, Question, RawRow, Verification
from firepoints.terms.states import Basis, Cause, Conclusion, FinalBy, State
from grids.roles import LEVEL_LABELS
from journal.api.proposals import ProposalShape

Shape = serializers.Serializer[Any]
LEVELS = [(level.value, label) for level, label in LEVEL_LABELS.items()]


def attributes_of(shape: type[Shape], *, computed: Collection[str]) -> tuple[str, ...]:
    """The fields of a shape that are read from the row under their own name: all but the computed ones."""
    return tuple(name for name in shape().get_fields() if name not in computed)


class FirePointBrief(Shape):
    id = serializers.IntegerField()
    number = serializers.CharField(allow_null=True, help_text="编号，派发时产生")
    state = serializers.ChoiceField(choices=State.choices)
    state_label = serializers.CharField()
    version = serializers.IntegerField(help_text="办理时带上，他人先办理过则拒绝")
    burn_date = serializers.DateField(help_text="起火日期（北京）")
    lon = serializers.FloatField(help_text="WGS-84 经度")
    lat = serializers.FloatField(help_text="WGS-84 纬度")
    county_code = serializers.CharField(help_text="空：还不归任何县（区）")
    township_code = serializers.CharField()
    village_code = serializers.CharField()
    group_code = serializers.CharField()
    place = serializers.CharField()
    is_cross = serializers.BooleanField(help_text="跨界")
    is_oversize = serializers.BooleanField(help_text="待人工划分")
    counted = serializers.BooleanField(allow_null=True, help_text="计入；空：还没有认定")
    needs_person = serializers.CharField(help_text="待核对的问题，全文；空：没有")
    merged_into = serializers.IntegerField(allow_null=True)


class Candidate(Shape):
    code = serializers.CharField()
    name = serializers.CharField()
    share = serializers.FloatField(help_text="像元占比 0–1")


class PointSighting(Shape):
    id = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=Detection.Kind.choices)
    satellite = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    precision = serializers.CharField()
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    scan_km = serializers.FloatField(allow_null=True)
    track_km = serializers.FloatField(allow_null=True)
    frp_mw = serializers.FloatField(allow_null=True)
    confidence = serializers.CharField()
    is_nominal = serializers.BooleanField(help_text="像元大小是示意的")


class PersonInCharge(Shape):
    level = serializers.ChoiceField(choices=LEVELS)
    cell_code = serializers.CharField()
    post = serializers.CharField(help_text="空：没有设这个岗位")
    name = serializers.CharField(help_text="空：岗位空缺")
    phone = serializers.CharField(help_text="已遮掩")
    is_acting = serializers.BooleanField(help_text="代理")


class Place(Shape):
    edition = serializers.CharField(help_text="边界版本")
    method = serializers.ChoiceField(choices=Attribution.Method.choices)
    border_m = serializers.FloatField(allow_null=True, help_text="距县界，米")
    people = PersonInCharge(many=True, help_text="起火当日的责任人")


class Receipt(Shape):
    uuid = serializers.UUIDField()
    point = serializers.IntegerField(help_text="收存到哪一处火点")
    kind = serializers.ChoiceField(choices=Evidence.Kind.choices)
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    content_type = serializers.CharField()
    width_px = serializers.IntegerField(allow_null=True)
    height_px = serializers.IntegerField(allow_null=True)
    footprint_distance_m = serializers.FloatField(allow_null=True, help_text="距像元，米；0 为像元内")
    searched_share = serializers.FloatField(allow_null=True, help_text="轨迹覆盖像元的比例 0–1；不是轨迹为空")
    no_position_reason = serializers.CharField()
    caption = serializers.CharField()
    server_at = serializers.DateTimeField()


class EvidenceCheck(Shape):
    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=[("ok", "通过"), ("eh", "注意"), ("no", "不通过"), ("", "—")])
    words = serializers.CharField(help_text="一句话，带数字")


class PointEvidence(Receipt):
    checks = EvidenceCheck(many=True, help_text="照片能查的；不是照片为空")


class Lack(Shape):
    key = serializers.ChoiceField(choices=["photos", "photos_inside", "track", "track_inside", "search_share"])
    words = serializers.CharField()


class Upload(Receipt):
    lacking = Lack(many=True, help_text="这一处报不属实还缺的材料")


class PointVerification(Shape):
    kind = serializers.ChoiceField(choices=Verification.Kind.choices)
    conclusion = serializers.ChoiceField(choices=Conclusion.choices)
    cause = serializers.ChoiceField(choices=[("", "—"), *Cause.choices])
    at = serializers.DateTimeField()
    burnt_mu = serializers.FloatField(allow_null=True, help_text="过火面积，亩")
    measured_by = serializers.ChoiceField(choices=[("", "—"), *Verification.MeasuredBy.choices])
    crop = serializers.CharField()
    fire_position = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="烧的位置：[经度, 纬度]，WGS-84"
    )
    sites = serializers.IntegerField(allow_null=True, help_text="有几处过火地块；空：没有答")
    is_new = serializers.BooleanField(allow_null=True, help_text="黑斑是不是这次新烧的；空：没有答")
    arrived_at = serializers.DateTimeField(allow_null=True, help_text="到场")
    out_at = serializers.DateTimeField(allow_null=True, help_text="扑灭")


class PointRecognition(Shape):
    counted = serializers.BooleanField()
    basis = serializers.ChoiceField(choices=[("", "—"), *Basis.choices])
    payer_code = serializers.CharField()
    payer_name = serializers.CharField()
    burn_date = serializers.DateField()
    rule_ref = serializers.CharField()
    amount_fen = serializers.IntegerField(help_text="分")
    reason = serializers.CharField()


class PointQuestion(Shape):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Question.Kind.choices)
    kind_label = serializers.CharField()
    about = serializers.ChoiceField(
        choices=[("", "火点本身"), ("detection", "监测记录"), ("run", "清单"), ("other", "另一处")]
    )
    about_id = serializers.IntegerField(allow_null=True, help_text="所问的编号；不在您范围内的不给出")
    words = serializers.CharField(help_text="问题，全文")
    speaks_for = serializers.CharField()
    speaks_against = serializers.CharField()
    asked_at = serializers.DateTimeField()
    asked_by = serializers.IntegerField(allow_null=True, help_text="空：机器")
    stops_money = serializers.BooleanField(help_text="真：答复前不认定、不入批次")
    due_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True, help_text="空：没有答复")
    answered_by = serializers.IntegerField(allow_null=True)
    answer = serializers.ChoiceField(choices=[("", "—"), *Question.Answer.choices])
    answer_label = serializers.CharField()
    reason = serializers.CharField()


class OutsideFinding(PointQuestion):
    point = serializers.IntegerField(allow_null=True, help_text="在哪一处提出；空：附近没有火点")
    sighting = serializers.IntegerField()
    run = serializers.UUIDField()


class PointStep(Shape):
    seq = serializers.IntegerField()
    action = serializers.CharField()
    # "from" is no name for an attribute; see get_fields
    to = serializers.CharField()
    at = serializers.DateTimeField()
    actor = serializers.IntegerField()
    actor_name = serializers.CharField()
    reason = serializers.CharField()
    way = serializers.CharField(help_text="途径：page、token、command、job、unknown；空：以前的步骤")
    way_by = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "from": serializers.CharField()}


class PointAction(Shape):
    action = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    missing = serializers.ListField(child=serializers.CharField(), help_text="还缺什么；空：可以办")
    fields = serializers.DictField(child=serializers.BooleanField(), help_text="data 的内容 → 是否必填")  # type: ignore[assignment]


class FirePointFull(FirePointBrief):
    former_numbers = serializers.ListField(child=serializers.CharField(), help_text="起火日改到别的年份以前的编号")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    objection_until = serializers.DateTimeField(allow_null=True)
    final_at = serializers.DateTimeField(allow_null=True)
    final_by = serializers.ChoiceField(choices=[("", "—"), *FinalBy.choices])
    candidates = Candidate(many=True)
    detections = PointSighting(many=True)
    attribution = Place(allow_null=True)
    evidence = PointEvidence(many=True)
    verification = PointVerification(allow_null=True)
    recognition = PointRecognition(allow_null=True)
    questions = PointQuestion(many=True, help_text="问过的，没有答复的在前")
    steps = PointStep(many=True)
    actions = PointAction(many=True)


class Proposed(Shape):
    """What an act that takes two persons answers: nothing has happened yet."""

    proposal = ProposalShape()


class Sighting(Shape):
    id = serializers.IntegerField()
    run = serializers.UUIDField()
    row_no = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=Detection.Kind.choices)
    satellite = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    precision = serializers.CharField()
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    frp_mw = serializers.FloatField(allow_null=True)
    confidence = serializers.CharField()
    county_code = serializers.CharField()
    point = serializers.IntegerField(allow_null=True)


class SightingReceipt(Shape):
    uuid = serializers.CharField(help_text="设备给的 UUID；没有给则为空")
    sighting = serializers.IntegerField()
    run = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]
    outcome = serializers.ChoiceField(choices=["kept", "outside"], help_text="outside：在任何网格之外，已存")
    received_at = serializers.DateTimeField()
    report_no = serializers.CharField(help_text="举报登记号；不是举报为空")


class SightingAnswer(Shape):
    receipt = SightingReceipt(help_text="同一件再报一次，回执不变")
    point = FirePointBrief(allow_null=True, help_text="现在归到哪一处火点")


class SightingResult(Shape):
    index = serializers.IntegerField(help_text="第几件，从 0 起")
    status = serializers.IntegerField(help_text="201 新收，200 已收过，4xx 没有收")
    receipt = SightingReceipt(required=False)
    point = FirePointBrief(required=False, allow_null=True)
    problem = serializers.DictField(required=False, help_text="没有收的原因（problem details）")


class SightingResults(Shape):
    results = SightingResult(many=True)


class ImportDoubt(Shape):
    words = serializers.CharField()
    sheet = serializers.CharField()
    rows = serializers.ListField(child=serializers.IntegerField())


class ImportQuestion(Shape):
    kind = serializers.ChoiceField(choices=("hidden", "total", "days"))
    answer = serializers.CharField(allow_null=True, help_text="这次请求里的答复")
    switch = serializers.CharField(help_text="命令里怎么答")
    doubts = ImportDoubt(many=True)


class ImportSummary(Shape):
    run = serializers.UUIDField(allow_null=True, help_text="试算时为空")
    rows = serializers.IntegerField(help_text="数据行；等于下面五项之和")
    kept = serializers.IntegerField()
    identical = serializers.IntegerField()
    superseded = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    outside = serializers.IntegerField()
    notes = serializers.IntegerField(help_text="标题、合计等不是数据的行")
    counties = serializers.DictField(child=serializers.IntegerField(), help_text="县（区）代码 → 入库行数")
    points = serializers.IntegerField(help_text="涉及的火点")
    questions = ImportQuestion(many=True, required=False, help_text="试算时：写入前要回答的")
    remarks = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="试算时：合并单元格等要知道的"
    )


class ImportShape(Shape):
    run = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=ImportRun.State.choices)
    filename = serializers.CharField()
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    datum = serializers.CharField()
    issuer = serializers.CharField()
    period = serializers.CharField()
    list_no = serializers.CharField()
    supersedes = serializers.UUIDField(allow_null=True)
    rows = serializers.IntegerField()
    kept = serializers.IntegerField()
    identical = serializers.IntegerField()
    superseded = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    outside = serializers.IntegerField()
    notes = serializers.IntegerField()
    actor = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    committed_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_reason = serializers.CharField()


class ImportRow(Shape):
    sheet = serializers.CharField()
    row_no = serializers.IntegerField()
    column = serializers.CharField()
    outcome = serializers.ChoiceField(choices=RawRow.Outcome.choices)
    code = serializers.CharField()
    reason = serializers.CharField()
    raw = serializers.CharField()
    sighting = serializers.IntegerField(allow_null=True)
