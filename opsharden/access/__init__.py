"""First contact with a host: the key, the account, the proof that they work."""
