"""A small client that speaks m1 and the wire in full: for tests, benchmarks and failures.

people.py        Person: what a test speaks to; device.py: each of their devices
account.py       signing up, enrolling, revoking: all that opens secrets (4.5, 4.18)
inbound.py       what comes in: order, holes, opening; outbound.py: what goes out
conversation.py  the state of one conversation on one device; vector.py: of all, in numbers
epochbook.py     epochs: open, make, box; rotation.py: when
directory.py     verified device lists; keyring.py: user keys of every generation
live.py          the socket: hello, acknowledgements, which answer belongs to which frame
api.py           HTTP with CSRF, device proof and grant
"""
