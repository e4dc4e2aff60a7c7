"""The acts of this app, with the words that the journal shows for them."""

from journal import acts

acts.register("pack.loaded", "载入政策包")
acts.register("rule.added", "登记规则")
acts.register("ruling.added", "登记裁定")
acts.register("batch.built", "编制扣缴批次")
acts.register("batch.frozen", "冻结扣缴批次")
acts.register("batch.submitted", "报送市政府")
acts.register("batch.approved", "登记市政府批件")
acts.register("batch.sent", "送财政部门")
acts.register("batch.settled", "登记扣缴凭证")
acts.register("report.written", "生成月报")
