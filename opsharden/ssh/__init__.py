"""Connections to hosts and their keys. The only importer of paramiko."""
