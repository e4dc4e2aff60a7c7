from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("journal", "0003_once_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pulse",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="部分")),
                ("at", models.DateTimeField(verbose_name="最近一次")),
            ],
            options={
                "verbose_name": "心跳",
            },
        ),
    ]
