"""What a browser posts to change a password or a code."""

import secrets
from collections.abc import Callable

from accounts import protocol
from accounts.models import Factor
from tests.accounts.people import Answer, Browser, Person, changed, post


def new_password(alice: Person) -> protocol.NewPassword:
    alice.pw, alice.kdf_salt = secrets.token_bytes(32), secrets.token_bytes(16)
    return protocol.NewPassword(password=alice.password_values(), factor=alice.password_factor())


def new_code(alice: Person) -> protocol.NewCode:
    alice.code, alice.code_salt = alice.code[::-1], secrets.token_bytes(16)
    return protocol.NewCode(code=alice.code_values(), factor=alice.code_factor())


def with_new_secrets(alice: Person, body: protocol.NewLink) -> protocol.NewLink:
    """The link brings a new password and a new code, too."""
    new_password(alice)
    new_code(alice)
    alice.vault_version += 1
    return changed(
        body, vault=alice.sealed_vault(), factors=alice.factors(),
        password=alice.password_values(), code=alice.code_values(),
    )  # fmt: skip


def by_password(alice: Person, browser: Browser) -> Answer:
    return browser.call("PUT", "/api/password", new_password(alice))


def by_code(alice: Person, browser: Browser) -> Answer:
    return browser.call("PUT", "/api/code", new_code(alice))


def by_dropping(alice: Person, browser: Browser) -> Answer:
    factor = Factor.objects.get(user__uid=alice.uid, type=2).factor
    return browser.call("DELETE", f"/api/factors/{factor.hex()}")


def by_link(alice: Person, browser: Browser) -> Answer:
    link = alice.next_link(list(alice.head.devices))
    alice.head = link
    return post(browser, with_new_secrets(alice, protocol.NewLink(link=link.raw, wraps=[])))


Change = Callable[[Person, Browser], Answer]
CHANGES = [by_password, by_code, by_dropping, by_link]
