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
        looks = {pk: skeleton(name) for pk, name in some}
        known = users.filter(skeleton__in=looks.values())
        had = dict(known.values_list("skeleton", "username"))
        fresh = []
        for last, name in some:
            first = had.setdefault(looks[last], name)
            if first == name:
                fresh.append(users.model(pk=last, skeleton=looks[last]))
            else:
                sys.stderr.write(
                    f"accounts: {name} looks like {first}, which is older. Both keep their names; "
                    "manage.py suspend is for the one that passes for the other.\n"
                )
        users.bulk_update(fresh, ["skeleton"])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0006_skeleton'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
