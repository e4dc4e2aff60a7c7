"""The acts of this app that may stand in the journal: one per transition, and what happens around a fire point."""

from firepoints.workflow import BY_ACTION
from journal import acts

ACT_OF = {
    "dispatch": "fire_point.dispatched",
    "split": "fire_point.split",
    "relocate": "fire_point.relocated",
    "assign_group": "fire_point.group_assigned",
    "reattribute": "fire_point.reattributed",
    "close": "fire_point.closed",
    "report": "fire_point.reported",
    "report_on_behalf": "fire_point.reported_on_behalf",
    "verify_own": "fire_point.verified_own",
    "return": "fire_point.returned",
    "mark_cross": "fire_point.marked_cross",
    "dispute": "fire_point.disputed",
    "settle_jointly": "fire_point.settled_jointly",
    "review": "fire_point.reviewed",
    "recognise": "fire_point.recognised",
    "exclude": "fire_point.excluded",
    "notify": "fire_point.notified",
    "object": "fire_point.objected",
    "waive": "fire_point.waived",
    "lapse": "fire_point.lapsed",
    "uphold": "fire_point.upheld",
    "reopen": "fire_point.reopened",
    "stand": "fire_point.stood",
    "merge": "fire_point.merged",
    "merge_decided": "fire_point.merged_decided",
    "unmerge": "fire_point.unmerged",
    "absorb": "fire_point.absorbed",
    "withdraw": "fire_point.withdrawn",
}
for action, name in ACT_OF.items():
    acts.register(name, BY_ACTION[action].label)

acts.register("fire_point.created", "形成火点")
acts.register("fire_point.gathered", "归并监测记录")
acts.register("fire_point.released", "移出监测记录")
acts.register("fire_point.attributed", "重新定位")
acts.register("fire_point.took_in", "并入他处的火点")
acts.register("fire_point.gave_back", "退还并入的火点")
acts.register("evidence.stored", "收存佐证")
acts.register("ruling.set", "登记裁定")
acts.register("hotline.taken", "受理举报")
acts.register("hotline.answered", "办结举报")
acts.register("hotline.revealed", "查看举报人")
acts.register("import.committed", "导入入库")
acts.register("import.failed", "导入失败")
acts.register("import.withdrawn", "撤回导入")
acts.register("patrol.recorded", "登记巡查发现")
acts.register("import.mapping_set", "设定列对应")
acts.register("import.row_mended", "更正隔离的行")
acts.register("import.row_discarded", "隔离的行不再处理")
acts.register("import.rows_dropped", "更正清单取消的行")
acts.register("feedback.due_set", "登记反馈期限")
acts.register("feedback.sent", "登记反馈报送")
acts.register("feedback.final_word", "登记发布单位终审意见")
acts.register("fire_point.questioned", "提请复核")
acts.register("fire_point.people_renewed", "责任人补录后重列")
acts.register("fire_point.reattribution_proposed", "更正版边界的重新归属建议")
acts.register("fire_point.reattribution_rejected", "不采用重新归属")
acts.register("period.recorded", "登记特殊时段")
acts.register("period.voided", "撤销特殊时段")
