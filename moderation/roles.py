"""What each role of staff may do, and no more. `migrate` makes the groups as they stand here."""

from typing import Any

from django.apps import apps as registry
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import router
from django.db.models import Q

from accounts.models import User

APPS = ("accounts", "media", "messaging", "moderation")  # whose permissions roles have
NEEDED = (*APPS, "auth", "contenttypes")
MODERATOR = {
    *("accounts.view_user", "moderation.view_report", "moderation.change_report"),
    *("moderation.view_decision", "moderation.add_decision", "moderation.change_decision"),
    *("moderation.view_figures", "moderation.approve_people"),
}
ROLES = {
    "moderator": MODERATOR,
    "investigator": {*MODERATOR, "moderation.save_files"},
    "operator": {
        *("accounts.view_user", "accounts.view_device", "accounts.view_sessionrecord"),
        *("messaging.view_invite", "moderation.view_storage", "moderation.view_tables"),
        *("moderation.view_figures", "moderation.end_sessions"),
    },
    "auditor": {"moderation.view_audit", "moderation.view_figures"},
}


def make_groups(using: str, apps: Apps = registry, **_: Any) -> None:
    """After `migrate`. Repeatable; what somebody else gave a group goes. `apps`: those whose tables
    the database has by now; a store of messages alone has no groups."""
    there = all(label in apps.all_models and apps.all_models[label] for label in NEEDED)
    if not there or not router.allow_migrate_model(using, Group):
        return
    for label in APPS:
        create_permissions(registry.get_app_config(label), verbosity=0, using=using)
    for role, rights in ROLES.items():
        group, _new = Group.objects.using(using).get_or_create(name=role)
        group.permissions.set(_permissions(rights, using))


def give(user: User, role: str) -> None:
    """This role and no other right."""
    user.is_superuser = False
    user.save(update_fields=["is_superuser"])
    user.user_permissions.clear()
    user.groups.set([Group.objects.get(name=role)])


def _permissions(rights: set[str], using: str) -> Any:
    wanted = Q(pk=None)
    for right in rights:
        label, _, codename = right.partition(".")
        wanted |= Q(content_type__app_label=label, codename=codename)
    return Permission.objects.using(using).filter(wanted)
