"""The settings of ForwardAuth."""

from chassis.settings import ProcessSettings, TokenSettings


class ForwardAuthSettings(ProcessSettings, TokenSettings):
    """Everything that it reads."""
