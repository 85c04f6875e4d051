"""Where `make up` says that a browser on this machine finds the stack."""

import pytest

from runner.loopback import local_urls

ADDRESS = "203.0.113.7"
ADDRESSES = [
    {"address": ADDRESS, "port": 80, "load-balancer": "nlb", "local-port": 10080},
    {"address": ADDRESS, "port": 443, "load-balancer": "nlb", "local-port": 10443},
]


@pytest.mark.parametrize(
    ("demo", "local"),
    [
        (f"http://{ADDRESS}/rickroller", "http://127.0.0.1:10080/rickroller"),
        ("https://demo.example/rickroller", "https://demo.example.localhost:10443/rickroller"),
    ],
)
def test_the_demo_is_at_its_own_path_and_name(demo: str, local: str) -> None:
    assert local_urls(ADDRESSES, {"ingress_ip": ADDRESS, "demo_url": demo}) == {"the demo app": local}


def test_without_a_demo_it_is_the_ingress_controller() -> None:
    for outputs in ({"ingress_ip": ADDRESS}, {"ingress_ip": ADDRESS, "demo_url": None}):
        assert local_urls(ADDRESSES, outputs) == {"the ingress controller": "http://127.0.0.1:10080/"}


def test_without_an_ingress_controller_nothing_is_said() -> None:
    assert local_urls([], {"ingress_ip": None}) == {}
    assert local_urls(ADDRESSES, {"ingress_ip": "203.0.113.8"}) == {}
