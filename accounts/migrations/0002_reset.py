import chatsite.running.clock
import accounts.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('wanted', models.EmailField(blank=True, max_length=254)),
                ('code', accounts.fields.Bytes(32, default=bytes(32))),
                ('expires', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='factor',
            name='made',
            field=models.BigIntegerField(default=chatsite.running.clock.now_ms),
        ),
        migrations.CreateModel(
            name='ResetToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', accounts.fields.Bytes(32, unique=True)),
                ('pepper_kid', models.CharField(max_length=32)),
                ('pepper', accounts.fields.Bytes(60)),
                ('expires', models.BigIntegerField(db_index=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
