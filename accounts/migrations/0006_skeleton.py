"""Columns for what a name looks like. Sign-ups that are under way, of ten minutes at most, begin
again: their rows have none."""

from django.db import migrations, models


def let_go(apps, schema_editor):
    reservations = apps.get_model("accounts", "NameReservation")
    reservations.objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_receipts_since'),
    ]

    operations = [
        migrations.RunPython(let_go, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name='namereservation',
            name='username',
            field=models.CharField(max_length=32),
        ),
        migrations.AddField(
            model_name='namereservation',
            name='skeleton',
            field=models.CharField(max_length=256, unique=True, default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='user',
            name='skeleton',
            field=models.CharField(editable=False, max_length=256, null=True, unique=True),
        ),
    ]
