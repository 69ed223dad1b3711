"""Side-by-side measurements of opsharden and its alternatives, on real lab hosts: `make bench`."""
