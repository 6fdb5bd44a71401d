import accounts.fields
from django.db import migrations, models

REFUSED = "the audit log is appended to and never changed"
TRIGGERS = {"audit_is_not_changed": "UPDATE", "audit_is_not_deleted": "DELETE"}


def refuse_changes(apps, schema_editor):
    """SQLite drops a table's triggers when a migration remakes the table: one that changes this
    table must call this again."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
        )
    for name, event in TRIGGERS.items():
        does = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        if schema_editor.connection.vendor == "postgresql":
            does = "EXECUTE FUNCTION refuse_audit_change()"
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON moderation_audit FOR EACH ROW {does}"
        )


def permit_changes(apps, schema_editor):
    on = " ON moderation_audit" if schema_editor.connection.vendor == "postgresql" else ""
    for name in TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER {name}{on}")


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("n", models.BigIntegerField(primary_key=True, serialize=False)),
                ("ms", models.BigIntegerField()),
                ("actor", models.CharField(max_length=64)),
                ("action", models.CharField(max_length=64)),
                ("object", models.CharField(max_length=200)),
                ("details", models.CharField(max_length=4096)),
                ("digest", accounts.fields.Bytes(32)),
                ("prev", accounts.fields.Bytes(32)),
                ("kid", models.CharField(max_length=32)),
                ("tag", accounts.fields.Bytes(32)),
            ],
            options={"verbose_name": "audit entry", "verbose_name_plural": "audit log"},
        ),
        migrations.RunPython(refuse_changes, permit_changes),
    ]
