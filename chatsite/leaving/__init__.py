"""What somebody takes along: the export of an account (docs/adr/0060). It touches every app.

archive.py   a zip that is sent while it is written
export.py    what is in it
"""
