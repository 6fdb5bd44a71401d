"""One check, asked as the command does, and what it should say of one thing that is wrong."""

from typing import Any

from chatsite.doctor import Check, examine
from chatsite.running.findings import Finding, Level

SECONDS = 60.0  # a busy machine takes its time


def found(path: str, where: Any = None, seconds: float = SECONDS) -> list[Finding]:
    return [finding for _, finding in examine([Check("It", path, where)], seconds)]


def expect_well(findings: list[Finding]) -> None:
    assert findings
    assert [finding for finding in findings if finding.level is not Level.OK] == []


def expect(findings: list[Finding], level: Level, words: str) -> None:
    """It is said once, with a next step."""
    said = [finding for finding in findings if words in finding.text]
    assert [finding.level for finding in said] == [level], findings
    assert said[0].todo
