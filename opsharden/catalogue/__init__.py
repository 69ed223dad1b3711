"""Controls, roles and profiles: read, validate, select."""

from opsharden.catalogue.catalogue import Catalogue, content_digest, load_catalogue
from opsharden.catalogue.content import KINDS_ROLE, content_root, roles_path, site_playbook
from opsharden.catalogue.kinds import KINDS
from opsharden.catalogue.roles import Role
from opsharden.catalogue.schema import ProofEntry
from opsharden.catalogue.unknown import unknown

__all__ = [
    "KINDS",
    "KINDS_ROLE",
    "Catalogue",
    "ProofEntry",
    "Role",
    "content_digest",
    "content_root",
    "load_catalogue",
    "roles_path",
    "site_playbook",
    "unknown",
]
