from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ModerationConfig(AppConfig):
    name = "moderation"

    def ready(self) -> None:
        from moderation import roles  # models are there from now on

        post_migrate.connect(roles.make_groups, sender=self)
