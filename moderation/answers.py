"""What pages with a form have in common: how they are drawn, and a number that was typed."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from moderation.site import site


def page(
    request: HttpRequest, template: str, title: str, status: int = HTTPStatus.OK, **words: Any
) -> TemplateResponse:
    context = {**site.each_context(request), "title": title, **words}
    return TemplateResponse(request, template, context, status=status)


def number(request: HttpRequest, name: str) -> int:
    """-1 where it is none."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
