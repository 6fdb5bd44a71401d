"""Keys of an account across browsers, and what a browser refuses of a server that lies.

No page is used but one without a script of its own: the modules are called directly.
"""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

from playwright.sync_api import Page, Route

from testkit.browser.people import NEW_PASSWORD, PASSWORD
from tests.browser.conftest import OpenWindow

_numbers = count(1)
PRELUDE = """
const account = await import("/static/js/account/account.js");
const { fromHex, hex } = await import("/static/js/crypto/encoding.js");
const { newCode } = await import("/static/js/crypto/recoverycode.js");
const refusal = async (act) => {
  try { await act(); return "none"; } catch (error) { return error.code ?? String(error); }
};
const state = async () => {
  const { device, links, seeds } = await account.openAccount();
  const ids = links.at(-1).devices.map(({ id }) => hex(id));
  return { device: hex(device), k: links.length, g: links.at(-1).g, seeds: seeds.size, ids };
};
"""
SIGN_UP = """
const code = newCode();
const reserved = await account.reserveName(name);
await account.signUp(reserved, { displayName: "Alice", password, code });
return { code, ...(await state()) };
"""
SIGN_IN = "await account.signIn({ name, password }); return state();"
REFUSED = "return refusal(() => account.signIn({ name, password }));"
RECOVER = """
const opened = await account.startRecovery({ name, code });
const fresh = newCode();
await account.finishRecovery(opened, { password, code: fresh });
return { code: fresh, ...(await state()) };
"""


def run(page: Page, body: str, **arguments: str) -> Any:
    names = ", ".join(arguments)
    return page.evaluate(f"async ({{ {names} }}) => {{ {PRELUDE} {body} }}", arguments)


def page_of(open_window: OpenWindow, who: str) -> Page:
    page = open_window(who).page
    page.goto("/help")
    return page


def fresh_name() -> str:
    return f"keeper{next(_numbers)}"


def lie(page: Page, path: str, change: Callable[[dict[str, Any]], None]) -> None:
    """From now on the server's answers at `path` are changed on their way."""

    def answer(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        change(body)
        route.fulfill(response=response, body=json.dumps(body))

    page.route(f"**{path}*", answer)


def test_a_browser_that_signs_in_again_stays_the_device_it_was(open_window: OpenWindow) -> None:
    page, name = page_of(open_window, "alice"), fresh_name()
    before = run(page, SIGN_UP, name=name, password=PASSWORD)
    page.context.clear_cookies()
    page.reload()
    assert run(page, "return refusal(() => account.openAccount());") == "sign_in"
    after = run(page, SIGN_IN, name=name, password=PASSWORD)
    assert (after["device"], after["k"]) == (before["device"], 1)


def test_recovery_renews_the_user_key_and_every_device_follows(open_window: OpenWindow) -> None:
    first, second, name = page_of(open_window, "a"), page_of(open_window, "b"), fresh_name()
    code = run(first, SIGN_UP, name=name, password=PASSWORD)["code"]
    recovered = run(second, RECOVER, name=name, password=NEW_PASSWORD, code=code)
    assert (recovered["k"], recovered["g"], recovered["seeds"]) == (2, 2, 2)
    followed = run(first, "return state();")
    assert (followed["g"], followed["seeds"]) == (2, 2)
    assert len(followed["ids"]) == 2


def test_a_revoked_device_gets_no_newer_key_and_comes_back_as_another(
    open_window: OpenWindow,
) -> None:
    first, lost, name = page_of(open_window, "alice"), page_of(open_window, "thief"), fresh_name()
    run(first, SIGN_UP, name=name, password=PASSWORD)
    gone = run(lost, SIGN_IN, name=name, password=PASSWORD)["device"]
    revoke = """
    const unlocked = await account.unlock({ password });
    await account.revoke(unlocked, { device: fromHex(gone), code: newCode() });
    return state();
    """
    after = run(first, revoke, password=PASSWORD, gone=gone)
    assert gone not in after["ids"]
    assert (after["g"], after["seeds"]) == (2, 2)
    assert run(lost, "return refusal(() => account.openAccount());") == "sign_in"
    again = run(lost, SIGN_IN, name=name, password=PASSWORD)
    assert again["device"] != gone
    assert (again["g"], again["seeds"]) == (2, 2)


def test_a_server_that_cheapens_the_password_hash_is_refused(open_window: OpenWindow) -> None:
    page, name = page_of(open_window, "alice"), fresh_name()
    run(page, SIGN_UP, name=name, password=PASSWORD)
    other = page_of(open_window, "alice's other browser")
    lie(other, "/api/start", lambda body: body["kdf"].update(m=1024))
    asked: list[str] = []
    other.on("request", lambda request: asked.append(request.url))
    assert run(other, REFUSED, name=name, password=PASSWORD) == "weak_kdf"
    assert not [url for url in asked if url.endswith("/api/sign-in")]
    other.unroute_all()
    assert run(other, SIGN_IN, name=name, password=PASSWORD)["k"] == 2


def test_a_server_that_serves_a_chain_of_its_own_is_refused(open_window: OpenWindow) -> None:
    page, mallory, name = page_of(open_window, "alice"), page_of(open_window, "m"), fresh_name()
    run(page, SIGN_UP, name=name, password=PASSWORD)
    run(mallory, SIGN_UP, name=fresh_name(), password=PASSWORD)
    theirs = mallory.evaluate(
        """async () => {
          const account = await import("/static/js/account/account.js");
          return account.api.get("/api/links", { proof: true });
        }"""
    )
    other = page_of(open_window, "alice's other browser")
    lie(other, "/api/links", lambda body: body.update(links=theirs["links"], head=theirs["head"]))
    assert run(other, REFUSED, name=name, password=PASSWORD) == "bad_chain"
    other.unroute_all()
    assert run(other, SIGN_IN, name=name, password=PASSWORD)["k"] == 2


def test_a_wrap_of_another_seed_is_refused(open_window: OpenWindow) -> None:
    """HPKE authenticates nobody: the server can seal a seed of its own to the recovery key."""
    page, name = page_of(open_window, "alice"), fresh_name()
    run(page, SIGN_UP, name=name, password=PASSWORD)
    other = page_of(open_window, "alice's other browser")
    forge = """
    const { sealUserKey, RECOVERY_ID } = await import("/static/js/crypto/userkeys.js");
    const { b64 } = await import("/static/js/crypto/encoding.js");
    const { links } = await account.openAccount();
    const [{ uid, g, hash, recovery }] = links;
    const context = { uid, g, deviceId: RECOVERY_ID, linkHash: hash };
    return b64(await sealUserKey(recovery, new Uint8Array(32), context));
    """
    forged = run(page, forge)
    lie(other, "/api/wraps", lambda body: body["wraps"][0].update(wrap=forged))
    assert run(other, REFUSED, name=name, password=PASSWORD) == "wrong_seed"
    other.unroute_all()
    assert run(other, SIGN_IN, name=name, password=PASSWORD)["k"] == 2
