"""Where the parts of the configuration service are put together."""

import os

from flask import Flask

from chassis.configuration.following import Following
from chassis.discovery import Resolver, Routes
from chassis.health import Health
from chassis.http.client import ServiceClient
from chassis.http.keys import keys_of_users_service
from chassis.http.serve import ApiProcess
from chassis.logs import stop_with
from chassis.messaging.publisher import Publisher
from config.announcer import Announcer
from config.api.access import Access
from config.api.app import create_app
from config.api.parts import ApiParts
from config.changes import Changes
from config.cipher import Cipher
from config.git import GitRepository
from config.models import Models
from config.remote import Remote
from config.service import Configuration, OwnSettings
from config.settings import ConfigSettings, client_passwords


def open_repository(settings: ConfigSettings) -> GitRepository:
    """The repository, made anew from the sample tree when there is none; or the process ends with a sentence."""
    try:
        return GitRepository.open(settings.repository_path, settings.repository_seed, settings.repository_branch)
    except OSError as error:
        stop_with(
            f"The setting REPOSITORY_PATH is wrong: {settings.repository_path} cannot be used ({error.strerror})."
        )


def create_api(settings: ConfigSettings) -> Flask:
    """The API, in the process that serves it. It needs no other service to serve the services."""
    repository = open_repository(settings)
    cipher = Cipher(settings.encryption_keys())
    models = Models.exported(cipher)
    configuration = Configuration(repository, cipher, settings.repository_branch)
    health = Health()
    health.add("repository", configuration.unusable)
    health.add("newest_commit", configuration.problem, required=False)
    access = Access(client_passwords(os.environ))
    remote = None
    if settings.repository_url is not None:
        url = settings.repository_url.get_secret_value()
        remote = Remote(repository, url, settings.repository_fetch_seconds)
        remote.start()
        health.add("remote", remote.problem, required=False)
    app = create_app(
        ApiParts(
            configuration=configuration,
            access=access,
            changes=Changes(
                repository, models, settings.repository_branch, follows_remote=settings.repository_url is not None
            ),
            keys=keys_of_users_service(ServiceClient("users-api", Resolver(settings))),
            token_settings=settings,
            remote=remote,
            health=health,
        )
    )
    following = Following(settings, source=OwnSettings(configuration))
    following.show_in(app)
    following.start()
    _announce(settings, configuration, sorted({*access.passwords, *models.applications}), following)
    return app


def _announce(
    settings: ConfigSettings, configuration: Configuration, applications: list[str], following: Following
) -> None:
    publisher = None
    if settings.broker_url is not None:
        publisher = Publisher(str(settings.broker_url), "config-announcer")
        publisher.start()
    Announcer(configuration, applications, publisher, following.wake).start()


api = ApiProcess(
    name="config",
    settings=ConfigSettings,
    create=create_api,
    routes=Routes(
        signed_in="PathPrefix(`/api/v1/config/`)", public="Method(`GET`) && Path(`/api/v1/config/openapi.json`)"
    ),
)
