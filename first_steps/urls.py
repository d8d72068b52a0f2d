from __future__ import annotations

from django.urls import path

from first_steps import views

app_name = "first_steps"

urlpatterns = [
    path("first-steps", views.first_steps, name="first-steps"),
    path("first-steps/dismiss", views.dismiss, name="dismiss"),
    path("first-steps/show", views.show_again, name="show"),
]
