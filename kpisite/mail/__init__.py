"""How e-mails leave the site."""
