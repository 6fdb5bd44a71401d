"""A hostile neighbour: what one attacker does to the door while two people talk."""
