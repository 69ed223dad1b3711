"""What runs on the host under check. Its files are sent there as they are; here they are read, never imported."""
