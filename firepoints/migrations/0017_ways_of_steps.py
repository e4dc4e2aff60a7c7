"""Steps say by which way their act came in, as their entries do."""

from django.db import migrations, models

WAYS = [
    ("page", "网页"),
    ("token", "接口令牌"),
    ("command", "命令"),
    ("job", "后台任务"),
    ("unknown", "来路不明"),
]


class Migration(migrations.Migration):
    dependencies = [("firepoints", "0017_rulings_of_two_persons")]
    operations = [
        migrations.AddField(
            "step",
            "way",
            models.CharField(blank=True, choices=WAYS, default="", max_length=10, verbose_name="途径"),
        ),
        migrations.AddField(
            "step", "way_by", models.CharField(blank=True, default="", max_length=120, verbose_name="途径说明")
        ),
    ]
