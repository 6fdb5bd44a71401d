from django.apps import AppConfig


class CassandraConfig(AppConfig):
    name = "messaging.backends.cassandra"
    label = "messaging_cassandra"
    verbose_name = "Message store"
