"""Vectors of protocol m1: README.md says how the files are read, write.py makes them."""
