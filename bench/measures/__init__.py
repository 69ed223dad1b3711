"""One file for each measure: what is aimed at, and how it is taken."""
