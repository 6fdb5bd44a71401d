"""The ground floor of what both apps say to a client: types of the wire, refusals, limits."""
