"""How the schema came to be, step by step. `opsharden.evidence.schema` applies them."""
