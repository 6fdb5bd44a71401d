"""Use cases of a live session, whatever carries it.

poll.py       a session carried by calls
dispatch.py   what each frame of a client does
live.py       the session: challenge → hello → state | same, then one frame after another
drain.py      how a process ends
node.py       the sessions of a process, and what it does for all of them, once a second:
admission.py      who may open one
rates.py          how fast a device may speak, and its account
arrivals.py       they come and go; one device has one
standing.py       whether it stands, asked of the accounts
lease.py          the process lives, and reaches others
clockcheck.py     whether its clock is wrong
comparing.py      after a loss each compares its state with the store's
revalidation.py   what ended elsewhere
watching.py       whose presence is shown to whom
vector.py         the state, and the hash by which both ends compare it
hello.py      who speaks: token, proof, what was revoked since
knowledge.py  the caches of a session: contacts, epoch heads, device lists
window.py     the bounds of a session: send window, token buckets
"""
