"""What protects a host while it changes: today, that one run at a time does."""
