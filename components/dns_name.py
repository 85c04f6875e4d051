"""The name under which the ingress controller is reached."""

from dataclasses import dataclass
from ipaddress import IPv4Address

import pulumi

from .checks import DAY, DOMAIN, Checks
from .component import Component
from .ingress.host import IngressHost
from .steps import DnsRecordsStep

WILDCARD = "nip.io"
"""A public service whose names contain their address: `a-b-c-d.nip.io` is a.b.c.d, and so is every name below it."""


@dataclass(frozen=True)
class DnsNameArgs:
    """Arguments of a DnsName.

    Args:
        address: the ingress controller's address.
        domain: a domain of the organisation's in Exoscale's DNS. Set it in the ClusterArgs, too: the first step of an
            `up` then refuses one that the organisation does not hold. Empty: the name is one of nip.io.
        ttl_seconds: how long resolvers may keep the address.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    address: pulumi.Input[str]
    domain: str = ""
    ttl_seconds: int = 300

    def __post_init__(self) -> None:
        checks = Checks()
        if self.domain:
            checks.form("domain", self.domain, DOMAIN)
        checks.number("ttl_seconds", self.ttl_seconds, 1, DAY)
        checks.finish()


class DnsName(Component):
    """`<project>-<stack>` in a domain of Exoscale's, and everything below it; or a name that needs no domain.

    Our own provider makes the records: with the official one of today, a record that somebody deleted by hand keeps a
    destroy from ever ending (docs/adr/0015).
    """

    host: pulumi.Output[str]
    """The name; known once its records are made. It has a port where the address has one."""

    def __init__(
        self, name: str, cluster: IngressHost, args: DnsNameArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        lasting = pulumi.ResourceOptions(depends_on=[*cluster.foundations])
        super().__init__("DnsName", name, pulumi.ResourceOptions.merge(lasting, opts))
        pool = cluster.traffic_pool
        if args.domain and pool is None:
            raise pulumi.RunError(f"domain of DnsName {name} is {args.domain}; allowed: none, without a Cluster")
        if args.domain and pool:
            ref = pool.identity.ref
            records = DnsRecordsStep(
                f"{name}-records",
                pool.identity,
                pool.zone,
                args.domain,
                ref.host_names,
                args.address,
                args.ttl_seconds,
                pulumi.ResourceOptions(parent=self),
            )
            cluster.drain_before(records)
            self.host = records.records.apply(lambda _: f"{ref.host_names[0]}.{args.domain}")
        else:
            self.host = pulumi.Output.from_input(args.address).apply(without_domain)
        self.register_outputs({"host": self.host})


def without_domain(address: str) -> str:
    """Returns a name for an IPv4 address; anything else, such as `localhost:8081`, is one already."""
    try:
        return f"{str(IPv4Address(address)).replace('.', '-')}.{WILDCARD}"
    except ValueError:
        return address
