"""What somebody takes along, and what becomes of them when they go: export and deletion of an
account (docs/adr/0060). Both touch every app.

archive.py   a zip that is sent while it is written
export.py    what is in it
deletion.py  what follows once nobody can sign in to an account any more, in steps
unused.py    accounts that go because nobody ever used them
"""
