"""What tests and benchmarks do with a browser."""
