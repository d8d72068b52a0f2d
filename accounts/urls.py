from __future__ import annotations

from django.urls import path

from accounts.views.passwords import (
    AcceptInvitation,
    ChangePassword,
    ForgottenPassword,
    LinkSent,
    SetPassword,
)
from accounts.views.second_factor import (
    EnterCode,
    SetUp,
    mail_link,
    open_link,
    own_second_factor,
    qr_code,
)
from accounts.views.sign_in import SignIn, home
from accounts.views.single_sign_on import SignOut, begin, callback, signed_out

forgotten_password = ForgottenPassword.as_view()

urlpatterns = [
    path("", home, name="home"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", SignOut.as_view(), name="sign-out"),
    path("sign-in/code", EnterCode.as_view(), name="second-factor-code"),
    path("sign-in/single-sign-on", begin, name="sso"),
    path("sign-in/single-sign-on/callback", callback, name="sso-callback"),
    path("signed-out", signed_out, name="signed-out"),
    path("account/second-factor", own_second_factor, name="second-factor"),
    path("account/second-factor/set-up", SetUp.as_view(), name="second-factor-setup"),
    path("account/second-factor/mail", mail_link, name="second-factor-mail"),
    path("account/second-factor/link/<str:token>", open_link, name="second-factor-link"),
    path("account/second-factor/qr.svg", qr_code, name="second-factor-qr"),
    path("account/password", ChangePassword.as_view(), name="password"),
    path("account/forgotten", forgotten_password, name="password-link"),
    # by this name, the admin's sign-in page shows a link to it
    path("account/forgotten", forgotten_password, name="admin_password_reset"),
    path("account/forgotten/sent", LinkSent.as_view(), name="password-link-sent"),
    path("account/set-password/<uidb64>/<token>", SetPassword.as_view(), name="set-password"),
    path("account/invitation/<uidb64>/<token>", AcceptInvitation.as_view(), name="invitation"),
]
