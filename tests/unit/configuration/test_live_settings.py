"""Settings from three places, and which of them change while a process runs."""

import pytest
from prometheus_client import REGISTRY

from chassis.configuration.client import ConfigurationUnavailable, Given
from chassis.configuration.follower import Follower
from chassis.configuration.live import SERVICE, make_settings
from tests.unit.configuration.samples import NEW, OLD, Answers, ShopSettings, shop


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What every process has."""
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "x")


def refusals(setting: str) -> float:
    return REGISTRY.get_sample_value("configuration_values_refused_total", {"setting": setting}) or 0.0


def test_environment_goes_before_service_before_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the environment has an empty text, which is none."""
    monkeypatch.setenv("LIMIT", "1")
    monkeypatch.setenv("PAUSE", "")
    settings, refused = make_settings(ShopSettings, {"limit": 2, "pause": 3})
    assert (settings.limit, settings.pause, settings.pool_size, refused) == (1, 3.0, 4, {})


def test_unknown_values_are_ignored() -> None:
    """A file of the repository may serve others too."""
    assert make_settings(ShopSettings, {"spring.application.name": "shop", "limit": "7"})[0].limit == 7


def test_refused_value_counts_as_not_given() -> None:
    """And does not take the good ones with it: a typing mistake must not keep a service from starting."""
    settings, refused = make_settings(ShopSettings, {"limit": 0, "pause": "soon", "pool_size": 8})
    assert (settings.limit, settings.pause, settings.pool_size) == (10, 1.0, 8)
    assert set(refused) == {"limit", "pause"}


def test_wrong_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the service says."""
    monkeypatch.setenv("LIMIT", "none")
    with pytest.raises(ValueError, match="limit"):
        make_settings(ShopSettings, {"limit": 2})


def test_reloadable_settings_follow() -> None:
    """The others wait for a restart, and are named until then."""
    live = shop().live
    live.offer(Given(NEW, {"limit": 20, "pool_size": 9}))
    assert (live.current.limit, live.current.pool_size) == (20, 4)
    assert live.report() == {"commit": NEW[:12], "origin": "service", "waiting_for_restart": ["pool_size"]}


def test_value_that_is_gone_falls_back_to_its_default() -> None:
    """Removing a line undoes it."""
    live = shop(limit=20).live
    live.offer(Given(NEW, {}))
    assert live.current.limit == 10


def test_refused_value_keeps_the_old_one() -> None:
    """With a metric, and its reason in /health/ready; the rest of the commit takes effect."""
    live, before = shop(limit=20).live, refusals("limit")
    live.offer(Given(NEW, {"limit": -1, "pause": 2.5}))
    assert (live.current.limit, live.current.pause) == (20, 2.5)
    assert refusals("limit") == before + 1
    assert list(live.report()["refused"]) == ["limit"]


def test_environment_wins_over_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator has fixed in the environment stays."""
    monkeypatch.setenv("LIMIT", "5")
    live = shop(limit=5).live
    live.offer(Given(NEW, {"limit": 20}))
    assert live.current.limit == 5


def test_changes_of_a_commit_take_effect_together() -> None:
    """Who took `current` before keeps both old values; one call tells of the change."""
    live = shop(limit=1, pause=1.0).live
    before, told = live.current, list[ShopSettings]()
    live.on_change(told.append)
    live.offer(Given(NEW, {"limit": 2, "pause": 2.0}))
    assert (before.limit, before.pause) == (1, 1.0)
    assert [(each.limit, each.pause) for each in told] == [(2, 2.0)]


def test_settings_made_by_hand_never_change() -> None:
    """Code that reads `live.current` needs nothing else in a test."""
    settings = shop(limit=3)
    assert settings.live.current is settings


def test_follower_takes_over_what_is_new() -> None:
    """It asks for what it does not know, and says so in a metric."""
    live, source = shop().live, Answers(Given(OLD, {"limit": 2}), None, Given(NEW, {"limit": 3}))
    follower = Follower(live, source, 60, None)
    for expected in (2, 2, 3):
        follower.step()
        assert live.current.limit == expected
    assert source.known == [None, OLD, OLD]
    assert REGISTRY.get_sample_value("configuration_info", {"commit": NEW[:12], "origin": SERVICE}) == 1
    assert REGISTRY.get_sample_value("configuration_info", {"commit": OLD[:12], "origin": SERVICE}) is None


def test_follower_outlives_an_outage() -> None:
    """What runs goes on, and the next answer counts."""
    live = shop(limit=2).live
    follower = Follower(live, Answers(ConfigurationUnavailable("away"), Given(NEW, {"limit": 3})), 60, None)
    follower.step()
    assert live.current.limit == 2
    follower.step()
    assert live.current.limit == 3
