from django.db import migrations, models

# flags: 1 erased, 2 withheld. Withheld rows of one sender that follow each other are one gap.
WITHHELD = """
INSERT INTO mark_gap (from_user, to_user, kind, first, last)
SELECT sender, CASE WHEN sender = user1 THEN user2 ELSE user1 END, 1, MIN(seq), MAX(seq) FROM (
 SELECT c.conversation_id, c.sender, c.seq, p.user1, p.user2,
  c.seq - ROW_NUMBER() OVER (PARTITION BY c.conversation_id, c.sender ORDER BY c.seq) AS run
 FROM conversation c JOIN connection p ON p.connection_id = c.conversation_id WHERE c.flags >= 2
) AS withheld GROUP BY conversation_id, sender, user1, user2, run
"""
READ_IN_PRIVATE = """
INSERT INTO mark_gap (from_user, to_user, kind, first, last)
SELECT from_user, to_user, 2, shown_seq + 1, read_seq FROM read WHERE read_seq > shown_seq
"""
TOLD = "UPDATE read SET shown_got_seq = got_seq"


class Migration(migrations.Migration):

    dependencies = [
        ('messaging_sql', '0002_data_id'),
    ]

    operations = [
        migrations.CreateModel(
            name='MarkGap',
            fields=[
                ('pk', models.CompositePrimaryKey('from_user', 'to_user', 'kind', 'first', blank=True, editable=False, primary_key=True, serialize=False)),
                ('from_user', models.BinaryField(max_length=16)),
                ('to_user', models.BinaryField(max_length=16)),
                ('kind', models.SmallIntegerField()),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
            ],
            options={
                'db_table': 'mark_gap',
            },
        ),
        migrations.AddField(
            model_name='conversation',
            name='hid',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='conversationhead',
            name='hid1',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='conversationhead',
            name='hid2',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='conversationhead',
            name='run',
            field=models.BigIntegerField(default=0),
        ),
        migrations.RenameField(
            model_name='read',
            old_name='got_time',
            new_name='shown_got_time',
        ),
        migrations.AlterField(
            model_name='read',
            name='shown_got_time',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='read',
            name='shown_got_seq',
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunSQL([WITHHELD, READ_IN_PRIVATE, TOLD], migrations.RunSQL.noop),
    ]
