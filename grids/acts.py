"""The acts of this app, by their stable names (journal.acts)."""

from grids.models import Overlay
from journal.record import acts, subjects

acts.register("grid.imported", "边界导入")
acts.register("grid.activated", "边界启用")
acts.register("grid.checked", "边界检查")
acts.register("grid.codes_mapped", "新旧代码对应")
acts.register("divisions.loaded", "区划表导入")
acts.register("user.added", "账号开通")
acts.register("user.password_set", "密码重置")
acts.register("user.identity_set", "登记工号")
acts.register("user.phone_set", "电话变更")
acts.register("user.closed", "账号停用")
acts.register("user.token_issued", "发放接口令牌")
acts.register("user.token_revoked", "收回接口令牌")
acts.register("post.created", "设置岗位")
acts.register("term.started", "任职")
acts.register("term.ended", "离任")
acts.register("terms.carried", "岗位转到新代码")
acts.register("roster.loaded", "责任人名册导入")
acts.register("phone.checked", "电话抽查")
acts.register("letter.recorded", "登记目标责任书")
acts.register("letter.recorded_below", "登记下级目标责任书")
acts.register("letter.voided", "作废目标责任书")
acts.register("county.designated", "指定核实部门")
acts.register("county.designation_ended", "终止指定核实部门")
acts.register("payer.set", "设置扣缴单位")
acts.register("payer.area_set", "设置扣缴单位辖区")
acts.register("payer.area_ended", "终止扣缴单位辖区")
acts.register("payer.dated", "扣缴单位列入的起止")
acts.register("payer.succeeded", "县（区）代码变更")
acts.register("overlay.loaded", "导入提示图层")
acts.register("overlay.proposed", "提出固定热源")
acts.register("overlay.decided", "确认或不采用提示图层")
acts.register("overlay.ended", "终止提示图层")

for _kind, _word in {
    "grids.user": "账号", "grids.post": "岗位", "grids.term": "任职", "grids.designation": "指定核实部门",
    "grids.edition": "边界版本", "grids.roster": "责任人名册", "grids.letter": "责任书", "grids.payer": "扣缴单位",
    "grids.payerarea": "扣缴单位辖区", "grids.succession": "代码变更",
    "grids.overlay": "提示图层", "division_table": "区划表",
}.items():  # fmt: skip
    subjects.register(_kind, _word)
subjects.register_fields(
    {
        "username": "账号", "full_name": "姓名", "phone": "电话", "identity": "工号", "cell_code": "网格代码", "level": "级别",
        "title": "职务", "unit": "单位", "post": "岗位", "holder": "任职人", "is_acting": "代理", "starts": "起任日",
        "ends": "离任日", "document": "依据文件", "county": "县（区）", "year": "年度", "signed_on": "签订日期",
        "letters": "责任书份数", "scan": "扫描件摘要", "edition": "边界版本", "datum": "坐标系", "cells": "各级网格数",
        "content_hash": "内容摘要", "users": "账号数", "posts": "岗位数", "terms": "任职数", "phones": "电话数",
        "same": "未变", "name": "名称", "changed": "变动数", "is_demo": "演示",
        "payer": "扣缴单位", "position": "表内次序", "places": "处数",
        "old": "原代码", "new": "新代码",
    }
)  # fmt: skip
subjects.register_values("kind", dict(Overlay.Kind.choices))
