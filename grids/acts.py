"""The acts of this app, by their stable names (journal.acts)."""

from journal import acts

acts.register("grid.imported", "边界导入")
acts.register("grid.activated", "边界启用")
acts.register("user.added", "账号开通")
acts.register("user.password_set", "密码重置")
acts.register("user.phone_set", "电话变更")
acts.register("user.closed", "账号停用")
acts.register("user.token_issued", "发放接口令牌")
acts.register("user.token_revoked", "收回接口令牌")
acts.register("post.created", "设置岗位")
acts.register("term.started", "任职")
acts.register("term.ended", "离任")
acts.register("roster.loaded", "责任人名册导入")
acts.register("phone.checked", "电话抽查")
acts.register("letter.recorded", "登记目标责任书")
acts.register("letter.voided", "作废目标责任书")
acts.register("county.designated", "指定核实部门")
acts.register("county.designation_ended", "终止指定核实部门")
acts.register("payer.set", "设置扣缴单位")
acts.register("payer.area_set", "设置扣缴单位辖区")
