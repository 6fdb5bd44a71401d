"""The message store in Cassandra, for several nodes.

A conversation is a partition (or some, by its number of rows), each user's contacts and watermarks
are others. There is no transaction over two of them, so every call is steps in an order that a
repeat makes good. Cells are written in one of two ways, and never in both:

- by compare-and-set (`Store.cas`): `connection`, `connection_key`, `conversation`, `meta`;
- as registers that only rise, at a timestamp that is the number itself: all others. Such a row is
  never deleted, since a deletion has the clock's timestamp and would hide all later writes.

No clock orders anything.
"""
