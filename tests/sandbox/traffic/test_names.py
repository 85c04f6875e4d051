"""Which load balancer a name means."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from sandbox.traffic.names import address_of, on_loopback, without_localhost

ADDRESS = "203.0.113.7"


@pytest.mark.parametrize(
    "host",
    [
        ADDRESS,
        f"{ADDRESS}.",
        "203.0.113.7.nip.io",
        "203-0-113-7.nip.io",
        "demo.203-0-113-7.nip.io",
        "demo-203-0-113-7.nip.io",
        "a.b.203.0.113.7.nip.io",
    ],
)
def test_an_address_and_names_of_nip_io_mean_it(cloud: Cloud, host: str) -> None:
    assert address_of(cloud, host) == ADDRESS


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.7",  # an instance's
        "198.51.100.7.nip.io",
        "10-0-0-1.nip.io",
        "203-0.113-7.nip.io",
        "203-0-113-300.nip.io",
        "203-0-113-7.nip.io.example",
        "example.com",
        "",
    ],
)
def test_other_names_mean_none(cloud: Cloud, host: str) -> None:
    assert address_of(cloud, host) is None


def test_an_a_record_of_a_zone_means_its_address_and_a_star_stands_for_more_labels(
    cloud: Cloud, client: SandboxClient, settle: Callable[[dict[str, Any]], str]
) -> None:
    domain = settle(client.create_dns_domain(unicode_name="example.org"))
    for name, type_, content in (("*.dev", "A", ADDRESS), ("", "A", ADDRESS), ("mail", "TXT", ADDRESS)):
        settle(client.create_dns_domain_record(domain_id=domain, name=name, type=type_, content=content))
    assert {address_of(cloud, host) for host in ("a.dev.example.org", "a.b.dev.example.org", "example.org")} == {
        ADDRESS
    }
    assert {address_of(cloud, host) for host in ("dev.example.org", "mail.example.org", "a.dev.example.com")} == {None}


def test_on_loopback_a_name_ends_in_localhost() -> None:
    assert on_loopback("demo.example", ADDRESS, 8080) == "demo.example.localhost:8080"
    assert on_loopback(ADDRESS, ADDRESS, 8080) == "127.0.0.1:8080"
    assert without_localhost("demo.example.localhost", ADDRESS) == "demo.example"
    assert without_localhost("127.0.0.1", ADDRESS) == ADDRESS
