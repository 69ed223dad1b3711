"""Controls, roles and profiles: read, validate, select."""

from opsharden.catalogue.catalogue import Catalogue, content_digest, load_catalogue
from opsharden.catalogue.content import content_root, roles_path, site_playbook
from opsharden.catalogue.roles import Role

__all__ = ["Catalogue", "Role", "content_digest", "content_root", "load_catalogue", "roles_path", "site_playbook"]
