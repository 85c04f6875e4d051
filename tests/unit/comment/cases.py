"""Previews by what happens in them: the files that `exoscale-sks comment` gets, and what it prints."""

from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from components.cli import main
from tests.unit.comment import events as e

COMMIT, RUN = "1a2b3c4d5e6f", "https://github.com/acme/clusters/actions/runs/7"
GOLDEN = Path(__file__).parent / "golden"

REST = [e.same(e.STACK_ID, "dev-id", e.ID), e.same(e.COMPONENT, "dev", {})]
CLUSTER, POOL = e.same(e.CLUSTER, "dev-cluster", e.STARTER), e.same(e.NODEPOOL, "default-nodepool", e.POOL)
NLB = e.same(e.BALANCER, "ingress-nlb", e.NLB)
UNCHANGED = e.log(*REST, CLUSTER, POOL, NLB, e.ended())
PRO = {**e.STARTER, "serviceLevel": "pro"}
HUGE = {**e.POOL, "size": 8, "instanceType": "standard.huge"}
BALANCER_OF_THE_CCM = {**e.ID, "settings": {**e.SETTINGS, "loadBalancer": "ccm"}}
EVIL = (
    "a`b```c @team <!-- exoscale-sks comment --> \x1b[31mred\x1b[0m #12 acme/clusters#12 </details> | [x](http://evil)"
)

CASES: dict[str, Mapping[str, str]] = {
    "no-stack": {},
    "unchanged": {"dev.jsonl": UNCHANGED},
    "first-up": {
        "dev.jsonl": e.log(
            e.step("create", e.STACK_ID, "dev-id", new=e.ID),
            e.step("create", e.CLUSTER, "dev-cluster", new=e.STARTER),
            e.step("create", e.NODEPOOL, "default-nodepool", new=e.POOL),
            e.step("create", e.RELEASE, "ingress", new={**e.CHART, "secret": e.SECRET}),
            e.step("create", e.BALANCER, "ingress-nlb", new=e.NLB),
            e.ended(),
        )
    },
    "larger-nodepool": {
        "dev.jsonl": e.log(
            *REST,
            CLUSTER,
            NLB,
            e.step("update", e.NODEPOOL, "default-nodepool", e.POOL, HUGE, ["size"]),
            e.warning("nodepool default makes machines with standard.huge from now on, and pool-1 stays without"),
            e.ended(),
        )
    },
    "cluster-replaced": {
        "dev.jsonl": e.log(
            *REST,
            *e.replaced(e.CLUSTER, "dev-cluster", e.STARTER, PRO, "serviceLevel"),
            *e.replaced(e.NODEPOOL, "default-nodepool", e.POOL, e.POOL, "clusterId"),
            *e.replaced(e.RELEASE, "ingress", e.CHART, e.CHART),
            NLB,
            e.step("delete-replaced", e.DRAIN, "dev-drain", {}),
            e.step("delete-replaced", e.RELEASE, "ingress", e.CHART),
            e.step("delete-replaced", e.NODEPOOL, "default-nodepool", e.POOL),
            e.step("delete-replaced", e.CLUSTER, "dev-cluster", e.STARTER),
            e.ended(),
        )
    },
    "balancer-deleted": {
        "dev.jsonl": e.log(
            e.step("update", e.STACK_ID, "dev-id", e.ID, BALANCER_OF_THE_CCM),
            CLUSTER,
            POOL,
            e.step("delete", e.BALANCER, "ingress-nlb", e.NLB),
            e.ended(),
        )
    },
    "protected": {
        "dev.jsonl": e.log(
            *REST,
            CLUSTER,
            e.step("update", e.NODEPOOL, "default-nodepool", e.POOL, e.POOL, protect=True),
            e.step("delete", e.BALANCER, "ingress-nlb", e.NLB, protect=True),
            e.ended(),
        )
    },
    "failed": {
        "dev.jsonl": e.log(
            *REST,
            e.error('nodepools.default.instance-type is "standard.gigantic"; allowed: standard.micro\nand others'),
            e.ended("failed"),
        )
    },
    "never-began": {"dev.jsonl": "", "dev.txt": "installing\n\x1b[31merror\x1b[0m: no module named `yaml`\n"},
    "three-stacks": {
        "dev.jsonl": UNCHANGED,
        "prod.jsonl": e.log(CLUSTER, POOL, e.step("delete", e.BALANCER, "ingress-nlb", e.NLB), e.ended()),
        "alice.jsonl": e.log(e.error("boom"), e.ended("failed")),
    },
    "attack": {
        "dev.jsonl": e.log(
            e.step("create", e.GROUP, EVIL, new={EVIL: EVIL, "```": ["```\n@team"]}),
            e.step("delete", f"evil:{EVIL}", EVIL, {}),
            e.step("create", e.NODEPOOL, EVIL, new={**e.POOL, "instanceType": EVIL}),
            e.error(f"{EVIL}\n```\n@team\n{'`' * 40}\n~~~\n<!-- exoscale-sks comment -->\n### What this pull request"),
            e.ended(),
        )
    },
}


def comment(folder: Path, files: Mapping[str, str]) -> str:
    """What the command prints for these files."""
    for name, text in files.items():
        (folder / name).write_text(text)
    logs = [str(folder / name) for name in files if name.endswith(".jsonl")]
    ended = CliRunner().invoke(main, ["comment", *logs, "--commit", COMMIT, "--run", RUN], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output
