from __future__ import annotations

from django.urls import path

from lti import views

app_name = "lti"

urlpatterns = [
    path("lti/login", views.login, name="login"),
    path("lti/launch", views.launch, name="launch"),
    path("lti/keys", views.keys, name="keys"),
    path("lti/connect/<str:token>", views.connect_account, name="connect"),
]
