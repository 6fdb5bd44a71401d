from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        """Listen to what accounts tells. Imported here: the sessions need loaded models."""
        from accounts import signals
        from messaging.sessions import news

        for signal, receiver in (
            (signals.session_ended, news.session_ended),
            (signals.device_revoked, news.device_revoked),
            (signals.account_reset, news.account_reset),
        ):
            signal.connect(receiver, dispatch_uid="messaging")
