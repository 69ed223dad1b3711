"""Shell commands read as the shell reads them: which certainly change nothing."""
