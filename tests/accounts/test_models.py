import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection

from accounts import reset, signup
from accounts.closing import RECEIPT_LEN, Deletion
from accounts.models import (
    Credentials,
    Device,
    Mailbox,
    Note,
    PrevBox,
    Privacy,
    User,
)
from accounts.suspending import Suspension
from accounts.work import SignUpWork
from chatsite.edge.wire import B32
from tests.accounts.people import NOW, Person

pytestmark = pytest.mark.django_db


def test_bytes_of_another_length_are_not_stored(alice: Person):
    user = User.objects.get()
    row = Note(user=user, peer=b"p" * 16, g=1, version=1, note=b"n" * 284)
    row.save()
    assert Note.objects.get().note == b"n" * 284
    for size in (0, 283, 285):
        row.note = b"n" * size
        with pytest.raises(ValidationError):
            row.save()


def test_bytes_may_be_missing_where_a_column_allows_it():
    field = Device._meta.get_field("device")
    assert field.from_db_value(None) is None
    assert field.get_db_prep_value(None, connection) is None


def test_rows_name_themselves_without_what_they_hold(alice: Person):
    user = User.objects.get()
    alice.sign_in()
    alice.sign_in(auth=B32(bytes(32)))
    signup.reserve("carol", b"s" * 16, NOW)
    PrevBox.objects.create(user=user, g=2, box=b"b" * 60)
    Note.objects.create(user=user, peer=b"p" * 16, g=1, version=1, note=b"n" * 284)
    Privacy.objects.create(user=user)
    Mailbox.objects.create(user=user, address="a@example.org")
    Suspension.objects.create(user=user, kind=2, until=NOW, reason=1, decision=b"d" * 16)
    reset.make_token(user, 1, NOW)
    SignUpWork.objects.create()
    Deletion.objects.create(
        user=user, receipt=b"r" * RECEIPT_LEN, erase=True, began=NOW,
        sessions=1, devices=1, keys=1, notes=1,
    )  # fmt: skip
    for model in apps.get_app_config("accounts").get_models():
        rows = model._default_manager.all()
        assert rows, f"{model.__name__} has no row to look at"
        for row in rows:
            name = str(row)
            assert len(name) < 60
            assert "b'" not in name
            assert alice.uid.hex() not in name


def test_neither_password_nor_code_nor_their_derivatives_are_kept(alice: Person):
    row = Credentials.objects.get()
    kept = b"".join(bytes(str(getattr(row, f.attname)), "utf-8") for f in row._meta.concrete_fields)
    for secret in (alice.pw, alice.auth, alice.code_auth, alice.pepper):
        assert secret not in kept
        assert secret.hex().encode() not in kept
    assert alice.code.encode() not in kept
