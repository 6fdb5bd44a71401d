"""What the names of those who are there look like, some at a time: a site goes on meanwhile.

Of names that look alike, the oldest has the skeleton; the others stay without one, keep their
name, and are told to the operator. So it can be stopped and repeated.
"""

import sys

from django.db import migrations

from accounts.skeletons import skeleton

SOME = 500


def fill(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    last = 0
    while True:
        rows = users.filter(pk__gt=last, skeleton=None).order_by("pk")[:SOME]
        some = list(rows.values_list("pk", "username"))
        if not some:
            return
        for last, name in some:
            looks = skeleton(name)
            first = users.filter(skeleton=looks).values_list("username", flat=True).first()
            if first is None:
                users.filter(pk=last).update(skeleton=looks)
            else:
                sys.stderr.write(
                    f"accounts: {name} looks like {first}, which is older. Both keep their names; "
                    "manage.py suspend is for the one that passes for the other.\n"
                )


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0006_skeleton'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
