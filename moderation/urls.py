"""Every address of the admin, below its own. The pages register with the site."""

from django.urls import path

from moderation import (
    auditlog,
    browsers,
    dashboard,
    decisionpages,
    factorpages,
    joining,
    manypeople,
    people,
    refusing,
    reportpages,
    storing,
    tables,
)  # fmt: skip
from moderation.site import site

PAGES = (
    dashboard,
    reportpages,
    decisionpages,
    people,
    manypeople,
    browsers,
    storing,
    tables,
    auditlog,
    refusing,
    factorpages,
)

urlpatterns = [
    path("join/", joining.join, name="join"),
    path("", site.urls),
]

handler400 = "chatsite.errors.bad_request"
handler403 = "chatsite.errors.forbidden"
handler404 = "chatsite.errors.not_found"
handler500 = "chatsite.errors.broken"
