"""Send survey invitations by e-mail, and take answers on the page that they link to."""
