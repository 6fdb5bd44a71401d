"""Blobs in an S3 server: part `n` is the object `abcd…/n` of one bucket."""
