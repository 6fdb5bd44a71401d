from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LastSeen",
            fields=[
                ("user", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("seen", models.BigIntegerField()),
            ],
            options={"verbose_name_plural": "last seen"},
        ),
    ]
