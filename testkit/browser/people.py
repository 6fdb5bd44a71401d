"""What a person does on the account pages, in a browser."""

import re
from dataclasses import dataclass
from itertools import count

from playwright.sync_api import Locator, Page, expect

PASSWORD = "seven quiet otters juggle lamps"
NEW_PASSWORD = "eleven brass kites over gravel"
_numbers = count(1)


@dataclass
class Person:
    """What somebody knows of an account of theirs."""

    name: str
    display_name: str
    password: str = PASSWORD
    code: str = ""


def somebody(display_name: str = "Alice") -> Person:
    """A person whose username no other test has."""
    return Person(f"{display_name.lower()}{next(_numbers)}", display_name)


def sign_up(page: Page, person: Person | None = None) -> Person:
    """From the empty form to the chats, with the code kept and shown to be kept."""
    person = person or somebody()
    page.goto("/sign-up")
    fill_details(page, person)
    press(page, "Continue")
    person.code = keep_code(page)
    expect(page).to_have_url(re.compile(r"/chats"), timeout=30_000)
    return person


def fill_details(page: Page, person: Person) -> None:
    field(page, "Username").fill(person.name)
    field(page, "Name that others see").fill(person.display_name)
    field(page, "Password").fill(person.password)


def keep_code(page: Page) -> str:
    """Reads the code off the page, as a person would copy it, and fills the two gaps."""
    groups = page.locator("[data-part='show'] .code li")
    expect(groups).to_have_count(8)
    code = "-".join(groups.all_inner_texts())
    press(page, "I have kept it")
    fill_gaps(page, code)
    return code


def fill_gaps(page: Page, code: str) -> None:
    for gap in page.locator(".code-gaps input").all():
        place, group = re.findall(r"\d+", gap.get_attribute("aria-label") or "")
        gap.fill(code.split("-")[int(group) - 1][int(place) - 1])
    page.locator("[data-part='check']").get_by_role("button", name="Continue").click()


def sign_in(page: Page, person: Person) -> None:
    page.goto("/sign-in")
    field(page, "Username").fill(person.name)
    field(page, "Password").fill(person.password)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile(r"/chats"), timeout=30_000)


def recover(page: Page, person: Person, new_password: str) -> None:
    """By the recovery code; afterwards `person` knows the new password and the new code."""
    page.goto("/sign-in#code")
    field(page, "Username").fill(person.name)
    field(page, "Recovery code").fill(person.code)
    press(page, "Continue")
    field(page, "New password").fill(new_password)
    press(page, "Continue")
    person.code = keep_code(page)
    person.password = new_password
    expect(page).to_have_url(re.compile(r"/chats"), timeout=30_000)


def field(page: Page, label: str) -> Locator:
    """The one that is shown: pages of several steps hold some labels twice."""
    return page.get_by_label(label, exact=True).locator("visible=true")


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
