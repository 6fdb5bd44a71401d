"""Use cases of a live session, whatever carries it.

live.py       the session: challenge → hello → state | same, then one frame after another
hello.py      who speaks: token, proof, what was revoked since; state or same
knowledge.py  its caches: contacts, epoch heads, device lists
window.py     its bounds: send window, token buckets
watching.py   whose presence it shows
poll.py       a session carried by calls
upkeep.py     what the process does for all of them, once a second
news.py       what accounts tells: sessions ended, devices revoked, new device lists
"""
