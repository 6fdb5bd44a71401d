"""How long a password of staff may be, wherever one is typed."""

from django.core.exceptions import ValidationError

PASSWORD_MAX = 200  # characters; the sign-in hashes no longer ones


class LongestPassword:
    """A validator: nobody sets a password that the sign-in refuses."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > PASSWORD_MAX:
            raise ValidationError(f"A password has {PASSWORD_MAX} characters at most.")

    def get_help_text(self) -> str:
        return f"Your password has {PASSWORD_MAX} characters at most."
