"""What the page's scripts compute with: the tables of a run as compressed columns that come back bit for bit."""
