from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media', '0003_site_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='blob',
            name='signed',
            field=models.BigIntegerField(null=True),
        ),
    ]
