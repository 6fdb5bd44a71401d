"""People as an operator may see them: names, times, sizes. No verifier, no sealed bytes."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from accounts import sessions, suspending
from accounts.models import User


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People come by sign-up alone and hold no Django password; staff are added here."""

    list_display = ("username", "display_name", "is_staff", "is_active", "list_length", "devices")
    list_filter = ("is_staff", "is_active")
    search_fields = ("username", "display_name")
    ordering = ("username",)
    readonly_fields = ("head_k", "revoked_k", "last_login")
    fieldsets = (
        (None, {"fields": ("username", "display_name", "is_active")}),
        ("Device list", {"fields": ("head_k", "revoked_k")}),
        ("Staff", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        present = Count("device", filter=Q(device__gone_at=None))
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(present=present)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            suspending.suspend(obj, not obj.is_active)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self.delete_queryset(request, User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            sessions.end_all(user)
        super().delete_queryset(request, queryset)

    @admin.display(description="links")
    def list_length(self, user: User) -> int:
        return user.head_k

    @admin.display(description="devices")
    def devices(self, user: User) -> int:
        return user.present  # type: ignore[attr-defined,no-any-return]
