"""Single sign-on with an OpenID Connect provider; off without an issuer."""

from __future__ import annotations

from kpisite.config import environment, oidc

KPI_OIDC_ISSUER = oidc.issuer("KPI_OIDC_ISSUER")
KPI_OIDC_CLIENT_ID = environment.text("KPI_OIDC_CLIENT_ID")
if KPI_OIDC_ISSUER and not KPI_OIDC_CLIENT_ID:
    environment.reject("KPI_OIDC_CLIENT_ID", "the client id that the identity provider issued")
KPI_OIDC_CLIENT_SECRET = environment.text("KPI_OIDC_CLIENT_SECRET")
if KPI_OIDC_ISSUER and not KPI_OIDC_CLIENT_SECRET:
    environment.reject("KPI_OIDC_CLIENT_SECRET", "the secret that the identity provider issued")
KPI_OIDC_SCOPES = oidc.scopes("KPI_OIDC_SCOPES", "openid email profile")
KPI_OIDC_NAME = environment.text("KPI_OIDC_NAME", "single sign-on")
# who may sign in: existing accounts only, or everybody, as a manager without grants
KPI_OIDC_ACCOUNTS = environment.one_of("KPI_OIDC_ACCOUNTS", "EXISTING", ("EXISTING", "MANAGERS"))
KPI_OIDC_GROUPS_CLAIM = environment.text("KPI_OIDC_GROUPS_CLAIM", "groups")
KPI_OIDC_GROUPS = oidc.groups("KPI_OIDC_GROUPS")
# whether the identity provider itself asks staff for a second factor
KPI_OIDC_SECOND_FACTOR = environment.switch("KPI_OIDC_SECOND_FACTOR")
