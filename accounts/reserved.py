"""Usernames that nobody may sign up with: they would pass for somebody who runs the site.

Accounts that have such a name already keep it, and staff, who have no chats, may have one.
"""

from functools import cache

from django.conf import settings

from accounts import names
from accounts.skeletons import skeleton

WORDS = """
    abuse admin administration administrator admins anonymous auditor ceo chatsite contact
    customerservice daemon deleted everybody everyone feedback help helpdesk hostmaster info legal
    mail mailer mailerdaemon mod moderation moderator moderators mods nobody noreply official
    operator operators owner postmaster privacy register registration root safety security server
    service signin signup staff superuser support sysadmin system team technicalsupport
    verification verified webmaster
    hilfe kundendienst kundenservice moderatoren sicherheit verwaltung
"""


def is_reserved(name: str) -> bool:
    """With or without dots and dashes, and in letters that look the same."""
    return _bare(name) in _reserved()


@cache
def _reserved() -> frozenset[str]:
    own = ("".join(filter(str.isalnum, settings.SITE_NAME)), *settings.RESERVED_NAMES)
    return frozenset(map(_bare, (*WORDS.split(), *map(names.folded, own)))) - {""}


def _bare(name: str) -> str:
    return skeleton("".join(one for one in name if one not in names.PUNCTUATION))
