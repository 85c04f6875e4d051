"""Keeps the Services of a cluster from taking over the ingress controller's load balancer."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from .component import Component
from .ingress.service import PREFIX

_PORTS = (80, 443)  # of every ingress controller, TCP
_OWNER = "meta.helm.sh/release-name"  # annotation that Helm puts on all that it installs


@dataclass(frozen=True)
class BalancerPolicyArgs:
    """Arguments of a BalancerPolicy.

    Args:
        load_balancer_id: the NLB.
        load_balancer_name: its name in the cloud.
        release: name of the ingress controller's Helm release, and of its namespace.
        cluster_id: id of the cluster; before it is replaced, the policy is taken out of it.
    """

    load_balancer_id: pulumi.Input[str]
    load_balancer_name: str
    release: str
    cluster_id: pulumi.Input[str]


class BalancerPolicy(Component):
    """Has the cluster refuse a Service that names the ingress controller's NLB as its own, or that wants its ports.

    The cloud controller manager makes an NLB that a Service names what that Service asks for: it gets the Service's
    name, and what the ingress controller has there is deleted. Only an annotation, `external`, says that others are
    on it too.

    Give it the cluster's `kubernetes.Provider` in `opts.providers`.
    """

    def __init__(self, name: str, args: BalancerPolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("BalancerPolicy", name, opts)
        # A name that comes from the cluster's id, so that it goes with the cluster, as the release does
        # (docs/adr/0004). All of its metadata is unknown then, and only a name by itself would replace the object.
        child_opts = pulumi.ResourceOptions(parent=self, replace_on_changes=["metadata"], delete_before_replace=True)
        called = pulumi.Output.from_input(args.cluster_id).apply(lambda _: f"exoscale-sks-balancer-of-{name}")
        kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy(
            f"{name}-policy",
            metadata={"name": called},
            spec={
                # A Service that cannot be judged is admitted: this is a help, and no guard against anybody.
                "failure_policy": "Ignore",
                "match_constraints": {
                    "resource_rules": [
                        {
                            "api_groups": [""],
                            "api_versions": ["v1"],
                            "operations": ["CREATE", "UPDATE"],
                            "resources": ["services"],
                            "scope": "Namespaced",
                        }
                    ]
                },
                "validations": pulumi.Output.from_input(args.load_balancer_id).apply(
                    lambda id_: [
                        {"expression": expression, "message": message, "reason": "Forbidden"}
                        for expression, message in rules(id_, args.load_balancer_name, args.release)
                    ]
                ),
            },
            opts=child_opts,
        )
        # After the NLB, as the policy is: the first registration in the cluster holds up all later ones, nodepools too,
        # until the Kubernetes plugin has asked the cluster (docs/plugins.md, Engine).
        bound = pulumi.Output.all(called, args.load_balancer_id).apply(lambda known: known[0])
        kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            f"{name}-binding",
            metadata={"name": called},
            spec={"policy_name": bound, "validation_actions": ["Deny"]},
            opts=child_opts,
        )
        self.register_outputs({})


def rules(load_balancer_id: str, load_balancer_name: str, release: str) -> list[tuple[str, str]]:
    """Rules for Services in the expression language of admission policies, each with the message of its refusal.

    A Service that broke a rule before may still be changed and deleted.
    """
    theirs = (
        "{object}.spec.type == 'LoadBalancer'"
        f" && ({_of('id')} == '{load_balancer_id}' || {_of('name')} == '{load_balancer_name}')"
        f" && !({{object}}.metadata.namespace == '{release}' && {_annotation(_OWNER)} == '{release}')"
    )
    owns = f"{theirs} && {_of('external')}.lowerAscii() != 'true'"
    clashes = f"{theirs} && {{object}}.spec.ports.exists(p, p.port in {[*_PORTS]} && p.protocol == 'TCP')"
    ports = " and ".join(map(str, _PORTS))
    return [
        (
            _unless(owns),
            f"NLB {load_balancer_id} is the ingress controller's and would be taken from it. Next: leave out the "
            f'annotation {PREFIX}id for an NLB of its own; or set {PREFIX}external: "true", and use other ports than '
            f"{ports}, to share that one",
        ),
        (
            _unless(clashes),
            f"ports {ports} of NLB {load_balancer_id} are the ingress controller's. Next: other ports, or an Ingress",
        ),
    ]


def _of(key: str) -> str:
    return _annotation(PREFIX + key)


def _annotation(name: str) -> str:
    return f"{{object}}.metadata.?annotations[?'{name}'].orValue('')"


def _unless(broken: str) -> str:
    now, before = (broken.format(object=name) for name in ("object", "oldObject"))
    return f"!({now}) || (oldObject != null && {before})"
