"""What every API process hears live: that there is something new in an inbox."""

from uuid import UUID

from chassis.broadcast import LiveInterests
from chassis.messaging.subscriptions import Reading

LIVE = LiveInterests("notifications", (("notifications", "notification.created"),))


class SomethingNew(Reading):
    """notification.created: whose inbox has it."""

    user_id: UUID
