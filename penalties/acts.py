"""The acts of this app, with the words that the journal shows for them."""

from django.urls import reverse

from journal.record import acts, subjects

acts.register("pack.loaded", "载入政策包")
acts.register("rule.added", "登记规则")
acts.register("ruling.added", "载入裁定")
acts.register("batch.built", "编制扣缴批次")
acts.register("batch.frozen", "冻结扣缴批次")
acts.register("batch.submitted", "报送市政府")
acts.register("batch.approved", "登记市政府批件")
acts.register("batch.sent", "送财政部门")
acts.register("batch.settled", "登记扣缴凭证")
acts.register("batch.emptied", "清空编制中的批次")
acts.register("batch.recalled", "撤回扣缴批次")
acts.register("batch.returned", "登记市政府退回批次")
acts.register("vouchers.loaded", "登记财政回执")
acts.register("report.written", "生成月报")


def _batches(ids: list[str]) -> subjects.Told:
    from penalties.models import Batch

    return {
        str(batch.pk): (str(batch), reverse("penalties:detail", args=[batch.pk]))
        for batch in Batch.objects.filter(pk__in=ids)
    }


def _circulars(ids: list[str]) -> subjects.Told:
    from penalties.models import Circular

    return {
        str(circular.pk): (circular.title, reverse("penalties:circular", args=[circular.pk]))
        for circular in Circular.objects.filter(pk__in=ids)
    }


def _replies(ids: list[str]) -> subjects.Told:
    from penalties.models import VoucherReply

    return {
        str(reply.pk): (reply.filename, reverse("penalties:voucher_reply", args=[reply.pk]))
        for reply in VoucherReply.objects.filter(pk__in=ids)
    }


subjects.register("penalties.batch", "扣缴批次", _batches)
subjects.register("penalties.circular", "通报", _circulars)
subjects.register("penalties.voucherreply", "财政回执", _replies)
subjects.register("penalties.rule", "扣缴规则")
subjects.register("pack", "政策包")
subjects.register("firepoints.ruling", "裁定")
subjects.register_fields(
    {
        "month": "月份", "entries": "台账笔数", "amount_fen": "金额（分）", "hash": "明细摘要", "lines": "单位数",
        "doc_no": "文号", "on": "日期", "vouchers": "各单位凭证金额（分）", "voucher_no": "凭证号", "files": "文件：摘要",
        "rules": "规则", "payers": "扣缴单位", "payer_areas": "扣缴单位辖区", "rulings": "裁定", "sources": "来源",
        "on_behalf": "市局代录", "code": "代码", "clause": "条款", "key": "项目",
        "value": "值", "base": "计算办法", "valid_from": "起始日", "valid_to": "失效日",
        "starts_on": "起火日自", "ends_on": "起火日到（含）",
    }
)  # fmt: skip
acts.register("circular.made", "生成通报")
acts.register("circular.issued", "登记通报印发和报送")
