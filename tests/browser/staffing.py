"""Somebody of staff who is in already, for what is behind the sign-in."""

from playwright.sync_api import Page

from testkit.running import Site

ENTER = """\
import secrets
from accounts.models import User
from moderation import roles
from tests.moderation.conftest import entered
user = User.objects.create(username="staff" + secrets.token_hex(4), is_staff=True)
roles.give(user, {role!r})
for name, cookie in entered(user).cookies.items():
    print(name, cookie.value)
"""


def shell(site: Site, code: str) -> str:
    """What the code prints, run on the site."""
    return site.manage_says("shell", "--no-imports", "-c", code)


def enter(page: Page, site: Site, role: str) -> None:
    """Another member of staff each time, on the overview."""
    [name, value] = shell(site, ENTER.format(role=role)).split()
    page.context.add_cookies([{"name": name, "value": value, "url": site.url}])
    page.goto(f"{site.url}/admin/")
