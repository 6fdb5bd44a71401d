"""What axe finds wrong with a page, once the page has come to rest."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# A colour that is still on its way from light to dark has a contrast of its own.
AT_REST = """() => Promise.all(
    document.getAnimations()
        .filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime))
        .map((one) => one.finished.catch(() => null)))"""


def serious(page: Page) -> list[str]:
    """Each serious or critical violation, with the first element that has it."""
    page.evaluate(AT_REST)
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {violation['nodes'][0]['html']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
