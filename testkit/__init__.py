"""What tests and benchmarks share: a site of its own, people on it, a client of the protocol."""
