"""Where stages run, and what is kept of them."""
