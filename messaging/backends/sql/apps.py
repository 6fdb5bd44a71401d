from django.apps import AppConfig


class SqlConfig(AppConfig):
    name = "messaging.backends.sql"
    label = "messaging_sql"
    verbose_name = "Message store"
