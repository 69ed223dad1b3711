"""Checks: found and called by pytest's own means, and what becomes of them."""
