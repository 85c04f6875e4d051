"""The name of the ingress: in a domain of the organisation's, or one that needs none."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.checks import Invalid
from components.dns_name import DnsName, DnsNameArgs, without_domain
from components.ingress import OtherCluster
from tests.unit.conftest import Run, configure, execute, plain, problems

DOMAIN = {"dns": {"domain": "example.org"}}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("198.51.100.7", "198-51-100-7.nip.io"),
        ("localhost:8081", "localhost:8081"),
        ("k8s.example.org", "k8s.example.org"),
    ],
)
def test_an_address_has_a_name_without_any_domain(address: str, name: str) -> None:
    assert without_domain(address) == name


def test_a_domain_gives_the_stack_a_name_of_its_own_and_the_app_its_url(run: Run) -> None:
    exports = plain(run({**DOMAIN, "demo": True}).exports)

    assert exports["url"] == "http://exoscale-sks-dev.example.org"
    assert exports["demo_url"] == "http://exoscale-sks-dev.example.org/rickroller"
    assert exports["ingress_ip"] == "198.51.100.7"


@pytest.mark.parametrize(("load_balancer", "address"), [("managed", "198.51.100.7"), ("ccm", "198.51.100.8")])
def test_its_records_lead_to_the_load_balancer_and_go_before_it_after_the_drain(
    run: Run, load_balancer: str, address: str
) -> None:
    world = run({**DOMAIN, "ingress": {"load-balancer": load_balancer}})
    records = world.step("DnsRecords")

    assert (records.inputs["domain"], records.inputs["address"]) == ("example.org", address)
    assert records.inputs["names"] == ["exoscale-sks-dev", "*.exoscale-sks-dev"]
    assert records.urn in world.leans_on(world.step("Drain").urn)
    assert {item.urn for item in world.of("Nlb")} <= world.leans_on(records.urn)


def test_the_first_step_of_an_up_is_told_the_domain_so_that_it_can_refuse_it(run: Run) -> None:
    assert run(DOMAIN).step("StackId").inputs["settings"]["domain"] == "example.org"
    assert "domain" not in run().step("StackId").inputs["settings"]


def test_a_stack_on_this_machine_makes_no_records(run: Run) -> None:
    world = run({**DOMAIN, "platform": "k3d"})

    assert not world.of("DnsRecords")
    assert plain(world.exports)["url"] == "http://localhost:8081"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"dns": {"domain": "exa mple"}}, 'dns.domain is "exa mple"; allowed: a domain such as example.org'),
        ({"dns": {"zone": "a"}}, "dns.zone is not a setting; did you mean exoscale-sks:dns.domain?"),
        (
            {**DOMAIN, "ingress": {"controller": "none"}},
            'dns.domain is "example.org"; allowed: none, as ingress.controller is none',
        ),
    ],
)
def test_a_bad_setting_is_refused_in_one_line(settings: dict[str, Any], line: str) -> None:
    assert [problem.removeprefix("exoscale-sks:") for problem in problems(settings)] == [line]


def test_a_stack_whose_name_fits_into_no_dns_name_is_refused_only_where_there_is_a_domain() -> None:
    long = "a" * 60
    [line] = problems(DOMAIN, stack=long)

    assert line.endswith(f'makes the DNS name "exoscale-sks-{long}"; allowed: 63 letters, digits or hyphens')


@pytest.mark.parametrize(
    ("arguments", "line"), [({"domain": "a b"}, 'domain is "a b"'), ({"ttl_seconds": 0}, "ttl_seconds is 0")]
)
def test_a_bad_argument_is_refused_in_one_line(arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(Invalid) as refusal:
        DnsNameArgs("198.51.100.7", **arguments)
    assert str(refusal.value).startswith(line)


def test_a_cluster_that_is_no_stacks_own_has_no_name_to_put_into_a_domain() -> None:
    def program() -> None:
        cluster = OtherCluster(kubernetes.Provider("cluster", kubeconfig="x"))
        DnsName("mine", cluster, DnsNameArgs("198.51.100.7", "example.org"))

    world = configure({})
    with pytest.raises(pulumi.RunError, match=r"domain of DnsName mine is example\.org; allowed: none"):
        execute(program, world)
