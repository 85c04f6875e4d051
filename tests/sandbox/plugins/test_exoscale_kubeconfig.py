"""Kubeconfigs: secret, never looked up again, and replaced when a certificate nears its end."""

import base64
from collections.abc import Callable

import pytest
import yaml
from cryptography import x509
from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

from sandbox.plugins.properties import Secret
from tests.sandbox.plugins.plugin_driver import Plugin, Refused, Resource
from tests.sandbox.waiting import until

Make = Callable[..., Resource]

TYPE = "exoscale:index/sksKubeconfig:SksKubeconfig"


@pytest.fixture
def kubeconfig(plugin: Plugin, cluster: Make) -> Make:
    """Makes kubeconfigs."""

    def make(**inputs: object) -> Resource:
        wanted = {"clusterId": cluster().id, "zone": "ch-gva-2", "user": "me", "groups": ["a", "b"], **inputs}
        return plugin.create(TYPE, "people", **wanted)

    return make


def _certificates(text: str) -> list[x509.Certificate]:
    content = yaml.safe_load(text)
    data = content["clusters"][0]["cluster"]["certificate-authority-data"]
    client = content["users"][0]["user"]["client-certificate-data"]
    return [x509.load_pem_x509_certificate(base64.b64decode(encoded)) for encoded in (data, client)]


def test_its_id_is_made_of_the_serial_numbers(kubeconfig: Make) -> None:
    made = kubeconfig()
    authority, client = _certificates(made["kubeconfig"])
    assert made.id == f"{authority.serial_number}:{client.serial_number}"


def test_it_honours_user_groups_and_lifetime(kubeconfig: Make) -> None:
    _, client = _certificates(kubeconfig(ttlSeconds=3600)["kubeconfig"])
    assert sorted(client.subject.rfc4514_string().split(",")) == ["CN=me", "O=a", "O=b"]
    life = client.not_valid_after_utc - client.not_valid_before_utc
    assert 3600 <= life.total_seconds() < 3600 + 600


def test_it_is_a_secret(kubeconfig: Make) -> None:
    made = kubeconfig()
    assert isinstance(made.outputs["kubeconfig"], Secret)
    assert made.outputs["readyForRenewal"] is False


def test_it_stays_while_its_certificates_live(plugin: Plugin, kubeconfig: Make) -> None:
    assert plugin.diff(kubeconfig()).changes == DiffResponse.DIFF_NONE


def test_it_is_replaced_when_the_client_certificate_is_over(plugin: Plugin, kubeconfig: Make) -> None:
    made = kubeconfig(ttlSeconds=1)
    until(lambda: plugin.diff(made).replaces, "the certificate is over")
    answer = plugin.diff(made)
    assert list(answer.replaces) == ["readyForRenewal"]
    assert answer.detailedDiff["readyForRenewal"].kind == PropertyDiff.UPDATE_REPLACE
    assert not answer.deleteBeforeReplace, "the new one comes first"


def test_it_is_replaced_early_when_asked_to(plugin: Plugin, kubeconfig: Make) -> None:
    made = kubeconfig(ttlSeconds=3600, earlyRenewalSeconds=1800)
    assert plugin.diff(made).changes == DiffResponse.DIFF_NONE
    early = plugin.program(made) | {"earlyRenewalSeconds": 7200}
    assert list(plugin.diff(made, **early).replaces) == ["readyForRenewal"]


def test_asking_for_an_earlier_renewal_only_changes_the_state(plugin: Plugin, kubeconfig: Make) -> None:
    made = kubeconfig()
    early = plugin.program(made) | {"earlyRenewalSeconds": 60}
    answer = plugin.diff(made, **early)
    assert (list(answer.diffs), list(answer.replaces)) == (["earlyRenewalSeconds"], [])
    changed = plugin.update(made, **early)
    assert changed.outputs == made.outputs | {"earlyRenewalSeconds": 60}


def test_what_cannot_be_parsed_fails_the_diff(plugin: Plugin, kubeconfig: Make) -> None:
    made = kubeconfig()
    for broken, text in (("{", "error decoding kubeconfig certificates"), ("[]", "error decoding kubeconfig")):
        made.outputs["kubeconfig"] = broken
        with pytest.raises(Refused, match=text):
            plugin.diff(made)


def test_it_never_notices_that_its_cluster_is_gone(plugin: Plugin, cluster: Make) -> None:
    owner = cluster()
    made = plugin.create(TYPE, "people", clusterId=owner.id, zone="ch-gva-2", user="me", groups=["g"])
    plugin.delete(owner)
    read = plugin.read(made)
    assert read is not None
    assert read.outputs == made.outputs
    plugin.delete(made)


def test_without_its_cluster_none_is_minted(plugin: Plugin, cluster: Make) -> None:
    owner = cluster()
    plugin.delete(owner)
    with pytest.raises(Refused, match="resource not found"):
        plugin.create(TYPE, "people", clusterId=owner.id, zone="ch-gva-2", user="me", groups=["g"])
