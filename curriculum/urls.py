from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from curriculum.api import CourseListView
from curriculum.views_password import ChangePassword, ForgottenPassword, LinkSent, SetPassword
from curriculum.views_sign_in import SignIn, home

urlpatterns = [
    path("", home, name="home"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("account/password", ChangePassword.as_view(), name="password"),
    path("account/forgotten", ForgottenPassword.as_view(), name="password-link"),
    path("account/forgotten/sent", LinkSent.as_view(), name="password-link-sent"),
    path("account/set-password/<uidb64>/<token>", SetPassword.as_view(), name="set-password"),
    re_path(r"^api/courses/?$", CourseListView.as_view(), name="api-courses"),
]
