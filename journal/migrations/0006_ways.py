"""Entries say by which way their act came in. Those of before say nothing, and keep the digest that they were made with."""

from django.db import migrations, models

WAYS = [
    ("page", "网页"),
    ("token", "接口令牌"),
    ("command", "命令"),
    ("job", "后台任务"),
    ("unknown", "来路不明"),
]


class Migration(migrations.Migration):
    dependencies = [("journal", "0005_proposals")]
    operations = [
        migrations.AddField(
            "entry",
            "way",
            models.CharField(blank=True, choices=WAYS, default="", max_length=10, verbose_name="途径"),
        ),
        migrations.AddField(
            "entry", "way_by", models.CharField(blank=True, default="", max_length=120, verbose_name="途径说明")
        ),
    ]
