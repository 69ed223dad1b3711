"""Ways to a host, behind one interface."""
