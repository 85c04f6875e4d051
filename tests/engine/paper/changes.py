"""`python -m tests.engine.paper.changes` writes docs/changes.md: what changing each setting does to a living stack.

The real engine previews each change on a stack that is up, on the paper sandbox, and the table is made of what it says.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation

from components.gitops import TOOLS
from components.ingress import CONTROLLERS
from runner.charts import GATEWAY_API, stand_in
from runner.stack import SandboxStack
from tests.engine.faults.subject import PREFIX
from tests.engine.paper.plan import effect, shown, steps
from tests.engine.paper.sandbox import on_paper, stacks_on_paper

Settings = dict[str, Any]
Row = tuple[str, ...]
PAGE = Path(__file__).parents[3] / "docs" / "changes.md"
COMMAND = ".venv/bin/python -m tests.engine.paper.changes"
ONE, TWO, NO_GROUP = {"size": 1}, {"size": 2}, {"size": 1, "anti-affinity": False}
TWO_POOLS = {"default": ONE, "web": ONE}
TAINTED = {"default": ONE, "web": {**ONE, "taints": {"dedicated": "web:NoSchedule"}}}
SELF_SIGNED, LETS_ENCRYPT = {"tls": "self-signed"}, {"tls": "letsencrypt", "tls-email": "alice@example.com"}
TRAEFIK = {"ingress": {"controller": "traefik"}}
GATEWAYS = {"ingress": {"controller": "traefik", "gateway-api": True}}
OTHER_CRDS = "other-gateway-api.yaml"
HERE, THERE = "charts", "mirror"  # folders that stand for two repositories


@dataclass(frozen=True)
class Change:
    """One change of a living stack.

    Args:
        setting: as docs/settings.md names it; several with `, ` between them.
        said: from what to what.
        after: the settings that are changed, by their keys in `Pulumi.yaml`.
        before: those that the stack lives with, where they are not `DEFAULT`.
    """

    setting: str
    said: str
    after: Settings
    before: Settings = field(default_factory=dict)


def pools(setting: str, said: str, after: Settings, before: Settings | None = None) -> Change:
    """A change of nodepools; unless another is given, there is one of one node before it."""
    return Change(f"nodepools.<name>{setting}", said, {"nodepools": after}, {"nodepools": before} if before else {})


def pool(setting: str, said: str, **after: Any) -> Change:
    """A change of one setting of the one nodepool."""
    return pools(setting, said, {"default": {**ONE, **{key.replace("_", "-"): value for key, value in after.items()}}})


def inner(setting: str, said: str, after: Any, before: Any = None) -> Change:
    """A change of a setting inside an object."""
    top, key = setting.split(".")
    return Change(setting, said, {top: {key: after}}, {} if before is None else {top: {key: before}})


def followed(setting: str, **after: Any) -> Change:
    """Other settings of a GitOps tool that is there."""
    changed = {key.replace("_", "-"): value for key, value in after.items()}
    return Change(
        setting, "others" if ", " in setting else "another", {"gitops": changed}, {"gitops": {"tool": "argocd"}}
    )


DEFAULT: Settings = {"nodepools": {"default": ONE}, "storage": {"csi": False}, "demo": False}
CHANGES = (
    # First, since no cluster gets an older version again.
    Change("version", "an older → a newer", {"version": "1.35.0"}, {"version": "1.34.3"}),
    Change("version", "a newer → an older", {"version": "1.33.7"}, {"version": "1.34.3"}),
    Change("owner", "another", {"owner": "bob"}),
    Change("organization", "empty → the one it lives in", {"organization": "sandbox"}),
    Change("organization", "empty → another", {"organization": "globex"}),
    Change("zone", "another", {"zone": "at-vie-1"}),
    Change("level", "starter → pro", {"level": "pro"}),
    Change("cni", "calico → cilium", {"cni": "cilium"}),
    pools("", "one more", TWO_POOLS),
    pools("", "one less", {"default": ONE}, TWO_POOLS),
    pools("", "another name", {"web": ONE}),
    pools(".size", "more", {"default": TWO}),
    pools(".size", "less", {"default": ONE}, {"default": TWO}),
    pool(".instance-type", "another", instance_type="standard.medium"),
    pool(".disk-size-gb", "another", disk_size_gb=50),
    pool(".instance-prefix", "another", instance_prefix="node"),
    pool(".anti-affinity", "true → false", anti_affinity=False),
    pools(".anti-affinity", "false → true", {"default": ONE}, {"default": NO_GROUP}),
    pool(".labels", "others", labels={"team": "web"}),
    pools(".taints", "others", TAINTED, TWO_POOLS),
    pools(".taints", "the last one gone", TWO_POOLS, TAINTED),
    inner("firewall.open-node-ports", "true → false", False),
    inner("kubeconfig.user", "another", "jane"),
    inner("kubeconfig.groups", "others", ["developers"]),
    inner("kubeconfig.ttl-seconds", "another", 86400),
    inner("kubeconfig.early-renewal-seconds", "another", 3600),
    inner("kubeconfig.file", "another", "other.yaml"),
    inner("ingress.controller", "nginx → traefik", "traefik"),
    inner("ingress.controller", "nginx → none", "none"),
    inner("ingress.controller", "none → nginx", "nginx", "none"),
    inner("ingress.load-balancer", "managed → ccm", "ccm"),
    inner("ingress.load-balancer", "ccm → managed", "managed", "ccm"),
    Change("ingress.nodepool", "another", {"ingress": {"nodepool": "web"}}, {"nodepools": TWO_POOLS}),
    inner("ingress.class", "another", "public"),
    inner("ingress.timeout-seconds", "another", 90),
    inner("ingress.chart", "another", "traefik"),
    Change("ingress.repository, ingress.version", "others", {"ingress": {"repository": THERE}}),
    Change("dns.domain", "one that the organisation does not hold", {"dns": {"domain": "example.org"}}),
    Change("demo", "false → true", {"demo": True}),
    Change("ingress.gateway-api", "false → true", {"ingress": {"gateway-api": True}}, TRAEFIK),
    Change("ingress.gateway-api", "true → false", {"ingress": {"gateway-api": False}}, GATEWAYS),
    Change("ingress.gateway-api-crds", "another", {"ingress": {"gateway-api-crds": OTHER_CRDS}}, GATEWAYS),
    Change("tls", "none → self-signed", SELF_SIGNED),
    Change("tls", "self-signed → none", {"tls": "none"}, SELF_SIGNED),
    Change("tls", "self-signed → letsencrypt", LETS_ENCRYPT, SELF_SIGNED),
    Change("tls-email", "another", {"tls-email": "bob@example.com"}, LETS_ENCRYPT),
    Change("cert-manager.timeout-seconds", "another", {"cert-manager": {"timeout-seconds": 90}}, SELF_SIGNED),
    Change(
        "cert-manager.chart, cert-manager.repository, cert-manager.version",
        "others",
        {"cert-manager": {"repository": THERE}},
        SELF_SIGNED,
    ),
    inner("storage.csi", "false → true", True),
    inner("storage.csi", "true → false", False, True),
    inner("storage.longhorn", "false → true", {}),
    inner("storage.longhorn", "true → false", False, {}),
    inner("storage.on-destroy", "another", "keep"),
    inner("gitops.tool", "none → argocd", "argocd"),
    inner("gitops.tool", "argocd → none", "none", "argocd"),
    inner("gitops.tool", "argocd → flux", "flux", "argocd"),
    followed("gitops.repository, gitops.path, gitops.branch", repository="https://git.example/x", path="x", branch="x"),
    followed("gitops.timeout-seconds", timeout_seconds=90),
    followed("gitops.chart", chart="flux2"),
    followed("gitops.chart-repository, gitops.version", chart_repository=THERE),
    inner("drain.wait-seconds", "another", 60),
    Change("budget", "none → more than the stack costs", {"budget": 100}),
    Change("budget", "none → less than the stack costs", {"budget": 10}),
    Change("ttl", "none → 12h", {"ttl": "12h"}),
    Change("protect", "false → true", {"protect": True}),
    Change("zone", "another, while protect is true", {"zone": "at-vie-1"}, {"protect": True}),
    Change("k3d.api-port, k3d.http-port", "others", {"k3d": {"api-port": 6551, "http-port": 8082}}),
    Change("platform", "exoscale → k3d", {"platform": "k3d"}),
    Change("platform", "exoscale → k3d, while protect is true", {"platform": "k3d"}, {"protect": True}),
)
"""Every setting at least once."""
HEAD = f"""# What a change of each setting does to a living stack

Written by `{COMMAND}`; a test refuses an old one. Each row is a preview of the
real engine, on a living stack with one nodepool of one node and an ingress controller behind a managed load balancer.
What an update of a nodepool brings about in the cloud no preview says: `LATER` in `tests/engine/paper/plan.py` does.

| setting | change | an `up` | the preview |
|---|---|---|---|
"""


def page(home: Path) -> str:
    """The page, from a run on a paper sandbox of its own.

    Args:
        home: an empty folder.
    """
    for name, version in ((HERE, "1.0.0"), (THERE, "2.0.0")):
        for chart in ("nginx-ingress", "traefik", "cert-manager", "longhorn", "argo-cd", "flux2"):
            file = stand_in(chart, home / name) / "Chart.yaml"
            file.write_text(re.sub("^version: .*$", f"version: {version}", file.read_text(), flags=re.MULTILINE))
    (home / OTHER_CRDS).write_text(
        GATEWAY_API.read_text().replace("served: true", "served: true\n      deprecated: true")
    )
    with on_paper(home / "sandbox") as sandbox:
        make = stacks_on_paper(sandbox, lambda chart: home / HERE / chart)
        rows = [*_rows(make("changes"), home), _renamed(make)]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(stack: SandboxStack, home: Path) -> Iterator[Row]:
    living: Settings | None = None
    for change in CHANGES:
        before = {**DEFAULT, **change.before}
        if before != living:
            _configure(stack, before, home)
            stack.up()
            living = before
        _configure(stack, merged(before, change.after), home)
        names = ", ".join(f"`{name}`" for name in change.setting.split(", "))
        yield (names, change.said, *_previewed(stack))


def _renamed(make: Callable[[str], SandboxStack]) -> Row:
    old = make("before")
    old.up()
    old.rename("after")
    return ("the stack's name", "`pulumi stack rename`", *_previewed(make("after")))


def _previewed(stack: SandboxStack) -> tuple[str, str]:
    events: list[automation.EngineEvent] = []
    try:
        stack.preview(on_event=events.append)
    except automation.CommandError:
        return "refused", ""
    plan = list(steps(events))
    return effect(plan), shown(plan)


def _configure(stack: SandboxStack, settings: Settings, home: Path) -> None:
    """Gives the stack these settings and no others; charts and kubeconfigs are in the folder."""
    ingress = {"repository": HERE, **settings.get("ingress", {})}
    official = CONTROLLERS.get(ingress.get("controller", "nginx"))
    chart = ingress.get("chart") or (official.chart.name if official else "nginx-ingress")
    ingress |= {"chart": chart, "repository": str(home / ingress["repository"])}
    ingress["gateway-api-crds"] = str(home / ingress.get("gateway-api-crds", GATEWAY_API))
    certificates = {"repository": HERE, **settings.get("cert-manager", {})}
    certificates |= {"chart": "cert-manager", "repository": str(home / certificates["repository"])}
    gitops = {"repository": "https://git.example/apps", "chart-repository": HERE, **settings.get("gitops", {})}
    tool = TOOLS.get(gitops.get("tool", ""))
    gitops |= {
        "chart": gitops.get("chart") or (tool.chart.name if tool else "argo-cd"),
        "chart-repository": str(home / gitops["chart-repository"]),
    }
    kubeconfig = {"file": "stack.yaml", **settings.get("kubeconfig", {})}
    kubeconfig["file"] = str(home / kubeconfig["file"])
    storage = dict(settings.get("storage", {}))
    if isinstance(storage.get("longhorn"), dict):
        storage["longhorn"] = {"chart": str(home / HERE / "longhorn")}
    everything = {
        **settings,
        "ingress": ingress,
        "cert-manager": certificates,
        "storage": storage,
        "gitops": gitops,
        "kubeconfig": kubeconfig,
    }
    stack.config.clear()
    stack.config |= {PREFIX + key: value for key, value in everything.items()}


def merged(before: Settings, after: Settings) -> Settings:
    """Other settings; an object's other keys stay, except for nodepools, whose names are its keys."""
    inner = {key for key, value in after.items() if isinstance(value, dict) and key != "nodepools"}
    return {**before, **after, **{key: {**before.get(key, {}), **after[key]} for key in inner}}


def main() -> None:
    """Writes the page."""
    with tempfile.TemporaryDirectory() as home:
        PAGE.write_text(page(Path(home)))
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()
