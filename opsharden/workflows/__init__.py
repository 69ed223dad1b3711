"""One verb, one file: the story of what opsharden does is read here."""
