from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.mentions import may_name_people
from core.personal_data import Action, Person, holds_no_personal_data, holds_personal_data
from notifications.models import Channel, DigestUnsubscribe, Notification, NotificationRead

OF_STAFF = _("Of somebody who works here, whose account stays; deleted with the account.")


def _sent_to(person: Person) -> QuerySet[Notification]:
    is_own = Q(pk__in=[])
    for address in person.addresses:
        is_own |= Q(to__iexact=address)
    return Notification.objects.filter(is_own)


holds_personal_data(Notification, _sent_to, ("to", "payload"), action=Action.DELETE)
holds_personal_data(
    NotificationRead,
    lambda person: NotificationRead.objects.filter(user=person.user_id),
    action=Action.KEEP,
    reason=OF_STAFF,
)
holds_personal_data(
    DigestUnsubscribe,
    lambda person: DigestUnsubscribe.objects.filter(user=person.user_id),
    action=Action.KEEP,
    reason=OF_STAFF,
)
holds_no_personal_data(Channel, reason=_("Addresses of the staff and of other systems."))
may_name_people(Notification, "payload", "last_error")
# accounts of those who work here stay, and what they are sent goes on
OF_NO_ACCOUNT = ~Exists(User.objects.filter(email__iexact=OuterRef("address")))
may_name_people(Channel, "address", only=Q(OF_NO_ACCOUNT))
