"""The site with ADMIN_ENABLED."""

from accounts import staff
from chatsite import urls

urlpatterns = [*urls.urlpatterns, *staff.urlpatterns]
handler404 = urls.handler404
