"""cert-manager, and the issuer from which Ingresses get their certificates."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from .checks import DAY, Checks, Form
from .component import Component
from .ingress.controller import installed
from .ingress.host import IngressHost
from .ingress.service import Chart
from .pool_args import NAME
from .release import helm_release, whose, within

SELF_SIGNED = "self-signed"
# Let's Encrypt's two directories. The staging one is untrusted by browsers and has far higher limits.
ACME_SERVERS = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
ISSUERS = (SELF_SIGNED, *ACME_SERVERS)
EMAIL = Form(r"[^@\s]+@[^@\s]+", "an address such as you@example.com, for the account at Let's Encrypt")
OFFICIAL = Chart("cert-manager", "https://charts.jetstack.io", "v1.21.2")


@dataclass(frozen=True)
class CertManagerArgs:
    """Arguments of a CertManager.

    Args:
        issuer: who signs: `letsencrypt`, `letsencrypt-staging`, or `self-signed`, which no browser trusts.
        email: contact for the account at Let's Encrypt; not used for `self-signed`.
        ingress_class: class of the Ingresses; Let's Encrypt's challenges are answered through it.
        chart: chart to install instead of the official one.
        timeout_seconds: how long an install waits for the pods and for the webhook, an uninstall for their removal.

    Raises:
        Invalid: lists every argument that cannot work, one per line.
    """

    issuer: str = SELF_SIGNED
    email: str = ""
    ingress_class: str = "nginx"
    chart: Chart | None = None
    timeout_seconds: int = 180

    def __post_init__(self) -> None:
        checks = Checks()
        if checks.one_of("issuer", self.issuer, ISSUERS) and self.issuer in ACME_SERVERS:
            checks.form("email", self.email, EMAIL)
        checks.form("ingress_class", self.ingress_class, NAME)
        checks.number("timeout_seconds", self.timeout_seconds, 1, DAY)
        checks.finish()

    @property
    def installed_chart(self) -> Chart:
        """The chart to install."""
        return self.chart or OFFICIAL


class CertManager(Component):
    """A Helm release of cert-manager and one ClusterIssuer, which has the name of its kind.

    Release and namespace have the component's name. An Ingress gets a certificate if it has these `annotations` and
    names a secret under `tls`.

    Args:
        name: component name; also the name of release and namespace.
        cluster: cluster to install into: a Cluster, a LocalCluster or an OtherCluster.
        args: who signs, and how to install it.
        opts: component options.
    """

    annotations: Mapping[str, pulumi.Output[str]]
    """Annotations for an Ingress; known in previews. What uses them is deleted before issuer and release."""
    status: pulumi.Output[str]
    """Helm's status of the release, such as `deployed`; `failed` is an error of the run."""

    def __init__(
        self,
        name: str,
        cluster: IngressHost,
        args: CertManagerArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        args = args or CertManagerArgs()
        inside = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[*cluster.foundations])
        super().__init__("CertManager", name, pulumi.ResourceOptions.merge(inside, opts))
        release = helm_release(
            name,
            cluster,
            args.installed_chart,
            {
                # Helm does not uninstall its definitions. With them Kubernetes would delete everybody's certificates,
                # and an uninstall would wait for the challenges, whose finalizers nobody is left to remove. They cost
                # nothing and go with the cluster.
                "crds": {"enabled": True, "keep": True},
                "deploymentAnnotations": whose(cluster, "cert-manager"),
            },
            # Helm waits for the pods, then for the chart's startupapicheck, a job that ends once the webhook admits a
            # request on trial. So the issuer is never refused because the webhook does not answer yet.
            args.timeout_seconds,
            pulumi.ResourceOptions(parent=self),
        )
        issuer = kubernetes.apiextensions.CustomResource(
            f"{name}-issuer",
            api_version="cert-manager.io/v1",
            kind="ClusterIssuer",
            metadata={
                # As the namespace. While the id is unknown, all metadata is; only a name of its own would replace it.
                "name": within(cluster, args.issuer),
                # A deletion in the foreground ends with an update, which a webhook that is gone refuses for ever.
                "annotations": {"pulumi.com/deletionPropagationPolicy": "background"},
            },
            spec=issuer_spec(args),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[release], replace_on_changes=["metadata"], delete_before_replace=True
            ),
        )
        self.annotations = {
            key: pulumi.Output.all(value, issuer.urn).apply(lambda known: str(known[0]))
            for key, value in ingress_annotations(args.issuer).items()
        }
        self.status = release.status.apply(lambda status: installed(status, f"{name}-release"))
        self.register_outputs({"annotations": self.annotations, "status": self.status})
        cluster.drain_before(release, issuer)


def issuer_spec(args: CertManagerArgs) -> dict[str, object]:
    """Returns the issuer's `spec`. It only names the secret of the account's key: cert-manager makes it."""
    if args.issuer == SELF_SIGNED:
        return {"selfSigned": {}}
    # A ClusterIP serves every controller that knows its pods, and opens no port on the nodes.
    http01 = {"ingress": {"ingressClassName": args.ingress_class, "serviceType": "ClusterIP"}}
    return {
        "acme": {
            "server": ACME_SERVERS[args.issuer],
            "email": args.email,
            "privateKeySecretRef": {"name": f"{args.issuer}-account-key"},
            "solvers": [{"http01": http01}],
        }
    }


def ingress_annotations(issuer: str) -> dict[str, str]:
    """Returns the annotations of an Ingress that wants a certificate of this issuer."""
    annotations = {"cert-manager.io/cluster-issuer": issuer}
    if issuer in ACME_SERVERS:
        # Adds the challenge's path to the Ingress itself: F5's controller ignores a second Ingress of the same host.
        annotations["acme.cert-manager.io/http01-edit-in-place"] = "true"
        # Thereby cert-manager becomes the owner of the rules, and an `up` that changes these would be refused.
        annotations["pulumi.com/patchForce"] = "true"
    return annotations
