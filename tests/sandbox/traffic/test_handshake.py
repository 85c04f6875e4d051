"""Which certificate each controller shows."""

import pytest

from sandbox.controllers.objects import Object
from sandbox.traffic import certificate
from sandbox.traffic.http import FromSecret, Handshake, Own, RefusedHandshake
from tests.sandbox.traffic.objects import CONTROLLERS, ingress, path, secret, snapshot
from tests.sandbox.traffic.test_matching import APP, EVERY, HOST, TLS, controller

PAIR = secret("pair", HOST)


def shown(kind: str, name: str, *objects: Object, flags: tuple[str, ...] = ()) -> Handshake:
    seen = snapshot(*APP, *objects, controller=CONTROLLERS[kind][1])
    return controller(kind, *flags).handshake(name, seen)


@EVERY
def test_the_ingresses_secret_is_shown_for_its_host(kind: str) -> None:
    assert shown(kind, HOST, ingress("i", path(), host=HOST, tls=TLS), PAIR) == FromSecret(PAIR)


@EVERY
@pytest.mark.parametrize("name", ["other.example", ""])
def test_for_another_name_f5_refuses_and_the_others_show_their_own(kind: str, name: str) -> None:
    found = shown(kind, name, ingress("i", path(), host=HOST, tls=TLS), PAIR)
    assert isinstance(found, RefusedHandshake if kind == "f5" else Own)


@EVERY
def test_a_secret_that_is_missing_counts_as_none(kind: str) -> None:
    found = shown(kind, HOST, ingress("i", path(), host=HOST, tls=TLS))
    assert isinstance(found, RefusedHandshake if kind == "f5" else Own)


@EVERY
def test_an_ingress_of_another_class_has_no_say(kind: str) -> None:
    found = shown(kind, HOST, ingress("i", path(), host=HOST, tls=TLS, ingressClassName="other"), PAIR)
    assert not isinstance(found, FromSecret)


@pytest.mark.parametrize("kind", ["ingress-nginx", "traefik"])
def test_a_wildcard_is_for_one_label(kind: str) -> None:
    wild = secret("wild", "*.example")
    one = ingress("i", path(), host="*.example", tls=[{"hosts": ["*.example"], "secretName": "wild"}])
    assert shown(kind, "b.example", one, wild) == FromSecret(wild)
    assert isinstance(shown(kind, "a.b.example", one, wild), Own)


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        ("f5", "-default-server-tls-secret=$(POD_NAMESPACE)/any"),
        ("ingress-nginx", "--default-ssl-certificate=ingress/any"),
    ],
)
def test_a_flag_names_the_certificate_for_all_others(kind: str, flag: str) -> None:
    anyone = secret("any", "any.example", namespace="ingress")
    assert shown(kind, "other.example", anyone, flags=(flag,)) == FromSecret(anyone)


def test_a_secret_that_holds_no_certificate_is_unusable() -> None:
    broken = {**PAIR, "data": {"tls.crt": "bm8=", "tls.key": "bm8="}}
    assert certificate.context_of(broken) is None
    assert not certificate.covers(broken, HOST)
    assert certificate.context_of(PAIR) is not None
