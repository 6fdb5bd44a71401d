from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        """Listen to what accounts tells. Imported here: the sessions need loaded models."""
        from accounts import signals
        from messaging import hooks

        for signal, receiver in (
            (signals.session_ended, hooks.session_ended),
            (signals.device_revoked, hooks.device_revoked),
            (signals.account_reset, hooks.account_reset),
            (signals.account_suspended, hooks.account_suspended),
        ):
            signal.connect(receiver, dispatch_uid="messaging")
