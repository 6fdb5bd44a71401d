"""The client's side of protocol m1 in Python, for tests, benchmarks and vectors.

Functions that draw randomness take it as an optional argument, so that vectors are
reproducible; left out, it comes from `secrets`.
"""
