"""Of the client in Python (testkit/client), what no other test meets."""
