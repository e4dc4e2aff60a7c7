"""The acts of this app that may stand in the journal."""

from journal.record import acts, subjects

BEGUN = acts.register("demo.begun", "演示数据开始载入").name
LOADED = acts.register("demo.loaded", "演示数据载入完成").name

subjects.register("demo", "演示数据")
subjects.register_fields({"seed": "随机种子"})
