from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.views.passwords import ChangePassword, ForgottenPassword, LinkSent, SetPassword
from accounts.views.sign_in import SignIn, home

forgotten_password = ForgottenPassword.as_view()

urlpatterns = [
    path("", home, name="home"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("account/password", ChangePassword.as_view(), name="password"),
    path("account/forgotten", forgotten_password, name="password-link"),
    # by this name, the admin's sign-in page shows a link to it
    path("account/forgotten", forgotten_password, name="admin_password_reset"),
    path("account/forgotten/sent", LinkSent.as_view(), name="password-link-sent"),
    path("account/set-password/<uidb64>/<token>", SetPassword.as_view(), name="set-password"),
]
