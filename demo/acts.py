"""The acts of this app that may stand in the journal."""

from journal import acts

LOADED = acts.register("demo.loaded", "演示数据载入完成").name
