"""For checks: what a host says, as the programs it is about read it."""
