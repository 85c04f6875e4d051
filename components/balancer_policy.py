"""An admission policy that keeps other Services from taking over the ingress controller's load balancer."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from .component import Component
from .ingress.service import PREFIX

_PORTS = (80, 443)  # TCP, used by every ingress controller
_OWNER = "meta.helm.sh/release-name"  # annotation that Helm puts on everything it installs


@dataclass(frozen=True)
class BalancerPolicyArgs:
    """Arguments of a BalancerPolicy.

    Args:
        load_balancer_id: the NLB.
        load_balancer_name: its name in the cloud.
        release: name of the ingress controller's Helm release, and of its namespace.
        cluster_id: id of the cluster; the policy is deleted before the cluster is replaced.
    """

    load_balancer_id: pulumi.Input[str]
    load_balancer_name: str
    release: str
    cluster_id: pulumi.Input[str]


class BalancerPolicy(Component):
    """Makes the cluster refuse a Service that claims the ingress controller's NLB as its own, or its ports.

    When a Service names an NLB, the cloud controller manager turns that NLB into what the Service asks for: it renames
    the NLB and deletes the ingress controller's services from it. Only the annotation `external` says that the NLB is
    shared.

    Give it the cluster's `kubernetes.Provider` in `opts.providers`.
    """

    def __init__(self, name: str, args: BalancerPolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("BalancerPolicy", name, opts)
        # The name is derived from the cluster's id, so the policy is deleted with the cluster, as the release is
        # (docs/adr/0004). While the id is unknown, all metadata is; only a name of its own would replace the object.
        child_opts = pulumi.ResourceOptions(parent=self, replace_on_changes=["metadata"], delete_before_replace=True)
        called = pulumi.Output.from_input(args.cluster_id).apply(lambda _: f"exoscale-sks-balancer-of-{name}")
        kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy(
            f"{name}-policy",
            metadata={"name": called},
            spec={
                # A Service that cannot be evaluated is admitted: the policy prevents accidents, not attacks.
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
        # After the NLB, as the policy is: the first registration in the cluster blocks all later ones, nodepools
        # included, until the Kubernetes plugin has queried the cluster (docs/plugins.md, Engine).
        bound = pulumi.Output.all(called, args.load_balancer_id).apply(lambda known: known[0])
        kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            f"{name}-binding",
            metadata={"name": called},
            spec={"policy_name": bound, "validation_actions": ["Deny"]},
            opts=child_opts,
        )
        self.register_outputs({})


def rules(load_balancer_id: str, load_balancer_name: str, release: str) -> list[tuple[str, str]]:
    """The rules for a Service, in the expression language of admission policies, each with its error message.

    A Service that already breaks a rule may still be changed and deleted.
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
