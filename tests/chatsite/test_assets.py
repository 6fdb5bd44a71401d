"""Every module that a page can load is pinned by its content."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from chatsite import modules


@pytest.fixture
def page(db: None) -> str:
    return Client(headers={"host": "localhost"}).get("/sign-in").content.decode()


def import_map(page: str) -> dict[str, dict[str, str]]:
    found = re.search(r'<script type="importmap"[^>]*>(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def sha384(url: str) -> str:
    content = (Path(settings.STATIC_ROOT) / url.removeprefix("/static/")).read_bytes()
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def test_the_import_map_names_each_module_by_its_content(page: str) -> None:
    mapped = import_map(page)
    assert "/static/js/network/api.js" in mapped["imports"]
    assert set(mapped["imports"].values()) == set(mapped["integrity"])
    for url, integrity in mapped["integrity"].items():
        assert integrity == sha384(url)


def test_the_map_names_what_the_page_can_reach_and_no_more(page: str) -> None:
    reached = set(import_map(page)["imports"])
    early = set(re.findall(r'rel="modulepreload" href="([^"]+)"', page))
    assert {"/static/js/pages/signin.js", "/static/js/crypto/vault.js"} <= reached
    assert "/static/js/pages/signup.js" not in reached
    assert "/static/vendor/zxcvbn/core.js" in reached  # only when a new password is typed
    assert staticfiles_storage.url("vendor/zxcvbn/core.js") not in early
    assert staticfiles_storage.url("js/crypto/vault.js") in early


def test_a_page_of_chats_does_not_load_what_opens_accounts() -> None:
    opens = {"js/crypto/vault.js", "js/crypto/argon2.js", "js/account/joining.js"}
    assert opens <= set(modules.reachable("js/pages/signin.js"))
    assert not opens & set(modules.reachable("js/app.js"))


def test_workers_and_tests_are_not_in_it(page: str) -> None:
    assert not [name for name in import_map(page)["imports"] if "/workers/" in name]


def test_tags_carry_integrity(page: str) -> None:
    tags = re.findall(
        r"<(?:script|link)[^>]*(?:src|href)=\"(/static/[^\"]+\.(?:js|css))\"[^>]*>", page
    )
    assert tags
    for url in tags:
        assert f'integrity="{sha384(url)}"' in page


def test_a_script_is_named_by_what_is_served_of_it() -> None:
    """Browsers keep it for ever under that name, and refuse it where its integrity is another."""
    stored = staticfiles_storage.stored_name("js/tabs/tabs.js")  # type: ignore[attr-defined]
    with staticfiles_storage.open(stored) as file:
        served = file.read()
    assert b"Tabs of one browser" not in served
    assert hashlib.md5(served).hexdigest()[:12] in stored
