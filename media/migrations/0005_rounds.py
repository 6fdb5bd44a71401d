from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media', '0004_signed'),
    ]

    operations = [
        migrations.AddField(
            model_name='sitename',
            name='rounds',
            field=models.BigIntegerField(default=0),
        ),
    ]
