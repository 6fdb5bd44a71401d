"""Writes the browser's twin and the tables of the wire from the protocol modules."""
