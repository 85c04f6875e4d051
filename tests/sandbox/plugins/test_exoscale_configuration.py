"""Credentials, where they come from, and that they never leave this machine (docs/plugins.md, Exoscale settings)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.exoscale import ExoscaleProvider
from sandbox.plugins.host import PluginHost
from sandbox.plugins.properties import Secret, encode
from tests.sandbox.plugins.conftest import KEY, QUICK, SECRET
from tests.sandbox.plugins.plugin_driver import Plugin, Refused

SECURITY_GROUP = "exoscale:index/securityGroup:SecurityGroup"


@contextmanager
def _attached(environment: dict[str, str]) -> Iterator[Plugin]:
    with (
        PluginHost([ExoscaleProvider(QUICK)], environment=environment) as host,
        Plugin(host.port("exoscale")) as plugin,
    ):
        yield plugin


@pytest.fixture
def unconfigured(surroundings: dict[str, str]) -> Iterator[Plugin]:
    with _attached(surroundings) as plugin:
        yield plugin


def _configured(surroundings: dict[str, str], **args: object) -> None:
    with _attached(surroundings) as plugin:
        plugin.configure(**args)
        plugin.create(SECURITY_GROUP, "group")


def test_it_answers_the_version_and_flags_of_the_real_plugin(unconfigured: Plugin) -> None:
    assert unconfigured.version() == "0.66.1"
    answer = unconfigured.configure(key=KEY, secret=SECRET)
    assert (answer.supportsPreview, answer.supports_autonaming_configuration) == (True, True)
    assert (answer.acceptSecrets, answer.acceptResources, answer.acceptOutputs) == (False, False, False)


def test_the_usual_pair_of_variables_lands_in_the_state_as_secrets(surroundings: dict[str, str]) -> None:
    surroundings |= {"EXOSCALE_API_KEY": KEY, "EXOSCALE_API_SECRET": SECRET}
    with _attached(surroundings) as plugin:
        inputs, reasons = plugin.check_config(version="0.66.1", __internal={})
    assert inputs == {"version": "0.66.1", "key": Secret(KEY), "secret": Secret(SECRET)}
    assert reasons == []


def test_the_other_pair_of_variables_works_and_is_not_stored(surroundings: dict[str, str]) -> None:
    surroundings |= {"EXOSCALE_KEY": KEY, "EXOSCALE_SECRET": SECRET}
    with _attached(surroundings) as plugin:
        assert plugin.check_config() == ({}, [])
    _configured(surroundings)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("EXOSCALE_API_KEY", "EXOSCALE_SECRET_KEY"),
        ("CLOUDSTACK_KEY", "CLOUDSTACK_SECRET"),
        ("CLOUDSTACK_API_KEY", "CLOUDSTACK_SECRET_KEY"),
    ],
)
def test_older_names_of_the_variables_work(surroundings: dict[str, str], key: str, secret: str) -> None:
    _configured(surroundings | {key: KEY, secret: SECRET})


def test_what_the_state_holds_wins_over_the_environment(surroundings: dict[str, str]) -> None:
    wrong = {"EXOSCALE_KEY": "EXOother", "EXOSCALE_SECRET": "other"}
    _configured(surroundings | wrong, key=KEY, secret=SECRET)


def test_without_credentials_configure_fails_with_the_words_of_both_servers(unconfigured: Plugin) -> None:
    with pytest.raises(Refused) as refused:
        unconfigured.configure()
    line = "client configuration error: missing or incomplete API credentials"
    assert refused.value.text == f"2 errors occurred:\n\t* {line}\n\t* {line}: \n\n"


def test_half_a_credential_is_shown_in_clear(unconfigured: Plugin) -> None:
    with pytest.raises(Refused) as refused:
        unconfigured.configure(key="EXO1")
    assert refused.value.text == 'key ("EXO1") and secret ("") must be set'


def test_a_wrong_key_passes_configure_and_fails_at_the_first_call(unconfigured: Plugin) -> None:
    unconfigured.configure(key=KEY, secret="wrong")
    unconfigured.create(SECURITY_GROUP, "group", preview=True)
    with pytest.raises(Refused, match="1 error occurred:\n\t\\* invalid request: "):
        unconfigured.create(SECURITY_GROUP, "group")
    with pytest.raises(Refused, match="get zone api endpoint: ListZones: http response: Forbidden: "):
        unconfigured.create("exoscale:index/sksCluster:SksCluster", "c", zone="ch-gva-2")


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "https://api-ch-gva-2.exoscale.com/v2",
        "http://10.0.0.1/v2",
        "http://127.0.0.1.example.org/v2",
        "127.0.0.1:80",
    ],
)
def test_it_refuses_an_api_that_is_not_on_loopback(surroundings: dict[str, str], endpoint: str) -> None:
    with pytest.raises(Refused, match="EXOSCALE_API_ENDPOINT must be a loopback URL, not"):
        _configured(surroundings | {"EXOSCALE_API_ENDPOINT": endpoint}, key=KEY, secret=SECRET)


def test_a_time_limit_that_is_no_number_fails_configure(unconfigured: Plugin) -> None:
    with pytest.raises(Refused, match='parsing "soon": invalid syntax'):
        unconfigured.configure(key=KEY, secret=SECRET, timeout="soon")


def test_an_unknown_setting_is_refused(unconfigured: Plugin) -> None:
    _, (reason,) = unconfigured.check_config(secrt="x")
    assert "`exoscale:secrt` is not a valid configuration key for the exoscale provider." in reason
    assert "Did you mean `exoscale:secret`?" in reason


def test_a_changed_setting_updates_the_provider_and_replaces_nothing(unconfigured: Plugin) -> None:
    request = provider_pb2.DiffRequest(olds=encode({"key": "a"}), news=encode({"key": "b"}))
    answer = unconfigured.call("DiffConfig", request)
    assert (answer.changes, list(answer.diffs), list(answer.replaces)) == (
        provider_pb2.DiffResponse.DIFF_SOME,
        ["key"],
        [],
    )


@pytest.mark.parametrize("method", ["Check", "Create", "Delete"])
def test_a_type_that_is_not_simulated_is_named(plugin: Plugin, method: str) -> None:
    type_ = "exoscale:index/elasticIp:ElasticIp"
    request = getattr(provider_pb2, f"{method}Request")(urn=f"urn:pulumi:s::p::{type_}::ip")
    with pytest.raises(Refused, match=f"does not know the resource type {type_}"):
        plugin.call(method, request)


def test_cancel_changes_nothing(plugin: Plugin) -> None:
    plugin.cancel()
    assert plugin.create(SECURITY_GROUP, "group").id


def test_a_secret_input_is_used_in_plain(unconfigured: Plugin) -> None:
    unconfigured.configure(key=Secret(KEY), secret=Secret(SECRET))
    assert unconfigured.create(SECURITY_GROUP, "group").id


def test_checked_settings_are_kept(unconfigured: Plugin) -> None:
    inputs, _ = unconfigured.check_config(name="explicit", key="a", secret="b", timeout="60")
    assert inputs == {"key": "a", "secret": "b", "timeout": "60"}
