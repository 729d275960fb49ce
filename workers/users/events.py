"""What the users service listens to: nothing. Its worker relays what the API has to say."""

from chassis.messaging.subscriptions import Subscriptions

subscriptions = Subscriptions("users")
