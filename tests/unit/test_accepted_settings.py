"""Whatever the settings accept, the cloud accepts: each request of an up is put to the sandbox's API, by its official
document and its rules, without a server."""

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import Phase, event, example, given
from hypothesis import settings as how
from hypothesis import strategies as st
from pulumi.runtime import mocks

from components import catalogue
from components.checks import DAY, DOMAIN, Form
from components.cluster_args import CENTURY, LIFETIME, SUBJECT
from components.ingress import CONTROLLERS
from components.node_labels import LABEL_KEY, LABEL_VALUE, STACK
from components.pool_args import NAME, TAINT
from configuration.settings import load
from sandbox.api import families
from sandbox.api.catalogue import identity, instance_types, sks_cluster_versions
from sandbox.api.openapi import official
from sandbox.api.routes import HANDLERS, Call
from sandbox.clock import Clock, Ids
from sandbox.cloud import Cloud
from sandbox.clusters.authorities import Authorities
from tests.unit.conftest import NAME as PROJECT_NAME
from tests.unit.conftest import World, configure, execute, main

Document = dict[str, Any]
OFFERED = sorted(f"{kind['family']}.{kind['size']}" for kind in instance_types())
# What kubelets and API servers ask of a node's labels and taints, in Kubernetes' own words: IsQualifiedName,
# IsValidLabelValue of its package validation.
QUALIFIED = re.compile(
    r"((?=[^/]{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"(?=.{1,63}$)([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    re.ASCII,
)
# A name of an Ingress's host, in the same words: IsDNS1123Subdomain.
RFC_1123 = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
VALUE = re.compile(r"(?=.{0,63}$)(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", re.ASCII)


class Requests:
    """The sandbox's API without HTTP: the document's check of each request, then the handler, then its operation."""

    def __init__(self) -> None:
        families.load()
        self._cloud = Cloud(clock=Clock(0), ids=Ids(1))

    def make(self, operation_id: str, path: dict[str, str], **body: Any) -> str:
        """Sends one request that makes something; its id."""
        given = {key.replace("_", "-"): value for key, value in body.items() if value is not None}
        call = self.checked(operation_id, path, given)
        with self._cloud.lock:
            answer = HANDLERS[operation_id](self._cloud, call)
        self._cloud.operations.join()
        with self._cloud.lock:
            self._cloud.operations.tick()
        return str(answer["reference"]["id"])

    def checked(self, operation_id: str, path: dict[str, str], body: Document) -> Call:
        """A request that the document allows."""
        operation = official().operations[operation_id]
        query, known, nulls = official().request(operation, path, [], json.dumps(body).encode())
        return Call(operation_id, path=path, query=query, body=known, nulls=nulls)


@dataclass
class Answered(World):
    """A program whose resources are made in that cloud, so that each gets real ids of those before it."""

    requests: Requests = field(default_factory=Requests)
    authorities: Authorities | None = None
    made: list[str] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, Document]:
        id_, outputs = super().new_resource(args)
        kind = args.typ.rpartition(":")[2]
        make = getattr(self, f"_{kind}", None)
        if make:
            id_ = make(args.inputs) or id_
            self.made.append(kind)
        return id_, outputs

    def _SecurityGroup(self, inputs: Document) -> str:
        return self.requests.make("create-security-group", {}, **_named(inputs))

    def _AntiAffinityGroup(self, inputs: Document) -> str:
        return self.requests.make("create-anti-affinity-group", {}, **_named(inputs))

    def _Nlb(self, inputs: Document) -> str:
        return self.requests.make("create-load-balancer", {}, **_named(inputs), labels=inputs["labels"])

    def _SksCluster(self, inputs: Document) -> str:
        return self.requests.make(
            "create-sks-cluster",
            {},
            **_named(inputs),
            level=inputs["serviceLevel"],
            cni=inputs["cni"],
            version=inputs.get("version", sks_cluster_versions()[0]),
            labels=inputs["labels"],
        )

    def _SksNodepool(self, inputs: Document) -> str:
        labels, taints = inputs["labels"], inputs.get("taints") or {}
        for key, value in labels.items():
            assert QUALIFIED.fullmatch(key), key
            assert VALUE.fullmatch(value), value
        for key, taint in taints.items():
            assert QUALIFIED.fullmatch(key), key
            assert VALUE.fullmatch(taint.rpartition(":")[0]), taint
        return self.requests.make(
            "create-sks-nodepool",
            {"id": inputs["clusterId"]},
            **_named(inputs),
            size=int(inputs["size"]),
            disk_size=int(inputs["diskSize"]),
            instance_type={"id": identity("instance-type", inputs["instanceType"])},
            instance_prefix=inputs["instancePrefix"],
            anti_affinity_groups=[{"id": id_} for id_ in inputs.get("antiAffinityGroupIds") or []],
            security_groups=[{"id": id_} for id_ in inputs["securityGroupIds"]],
            labels=labels,
            taints={
                key: dict(zip(("value", "effect"), taint.split(":"), strict=True)) for key, taint in taints.items()
            },
        )

    def _SksKubeconfig(self, inputs: Document) -> None:
        user, groups, ttl = inputs["user"], inputs["groups"], int(inputs["ttlSeconds"])
        body = {"user": user, "groups": groups, "ttl": ttl}
        self.requests.checked("generate-sks-cluster-kubeconfig", {"id": inputs["clusterId"]}, body)
        assert 0 <= inputs["earlyRenewalSeconds"] < ttl
        assert self.authorities
        self.authorities.client(user, groups, ttl)

    def _DnsRecords(self, inputs: Document) -> None:
        domain = self.requests.make("create-dns-domain", {}, unicode_name=inputs["domain"])
        for name in inputs["names"]:
            assert RFC_1123.fullmatch(name.removeprefix("*.")), name
            record = {"name": name, "type": "A", "content": inputs["address"], "ttl": int(inputs["ttlSeconds"])}
            self.requests.make("create-dns-domain-record", {"domain-id": domain}, **record)

    def _Release(self, inputs: Document) -> None:
        assert inputs["chart"].strip()
        assert inputs["timeout"] * 10**9 < 2**63, "Go counts a time in nanoseconds, in 63 bits"


def _named(inputs: Document) -> Document:
    return {"name": inputs["name"], "description": inputs["description"]}


def text(form: Form, length: int = 0) -> st.SearchStrategy[str]:
    """What the form allows, every third time about as long as it may be."""
    allowed = st.from_regex(form.pattern, fullmatch=True)
    return st.one_of(allowed, allowed, st.text("abc", min_size=length - 2, max_size=length) if length else allowed)


def numbers(least: int, most: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(least, most), st.sampled_from((least, most)))


POOL = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(1, 3),
        "instance-type": st.sampled_from([name for name in OFFERED if name in catalogue.NODE_TYPES]),
        "disk-size-gb": numbers(20, 51200),
        "instance-prefix": text(NAME, 30),
        "anti-affinity": st.booleans(),
        "labels": st.dictionaries(text(LABEL_KEY), text(LABEL_VALUE, 63), max_size=2),
        "taints": st.dictionaries(text(LABEL_KEY), text(TAINT), max_size=1),
    },
)
# What somebody might write, and what some of the cloud refuses.
DOUBTFUL = [
    *(("nodepools", "p", {"instance-type": name}) for name in OFFERED if name not in catalogue.NODE_TYPES),
    *(("nodepools", name, {}) for name in ("P", "p_q", "1p", "p-", "p" * 31)),
    *(("nodepools", "p", {"instance-prefix": name}) for name in ("P", "p_q", "p.q", "p-", "p" * 31)),
    *(("nodepools", "p", {"labels": {key: "x"}}) for key in ("a..b/c", f"{'a' * 254}/b", "k" * 64, "é")),
    *(("nodepools", "p", {"taints": {"gpu": taint}}) for taint in ("a:b:NoSchedule", ":NoSchedule", "é:NoSchedule")),
    *(("kubeconfig", "user", name) for name in ("", "u" * 65, "u" * 10**4)),
    *(("kubeconfig", "groups", groups) for groups in ([], [""], ["g" * 65])),
    *(("kubeconfig", "ttl-seconds", seconds) for seconds in (0, 10**10, 10**12, 2**63)),
    *(("ingress", "timeout-seconds", seconds) for seconds in (0, 10**10, 2**63)),
    *(("ingress", "chart", chart) for chart in ("", " ")),
    *(("dns", "domain", name) for name in ("", "A.org", "a..org", "-a.org", f"{'a' * 64}.org", "a." * 127)),
]


@st.composite
def configurations(draw: st.DrawFn) -> tuple[Document, str, str]:
    """Settings, and the names of a project and of a stack."""

    def some(**options: st.SearchStrategy[Any]) -> Document:
        spelled = {key.replace("_", "-"): values for key, values in options.items()}
        return draw(st.fixed_dictionaries({}, optional=spelled))

    ttl = draw(numbers(1, CENTURY))
    config = some(
        owner=text(LABEL_VALUE, 63),
        level=st.sampled_from(catalogue.LEVELS),
        cni=st.sampled_from(catalogue.CNIS),
        version=st.sampled_from(sks_cluster_versions()),
        ttl=text(LIFETIME),
        tls=st.sampled_from(("none", "self-signed")),
        cert_manager=st.fixed_dictionaries({}, optional={"timeout-seconds": numbers(1, DAY)}),
    )
    config["nodepools"] = draw(st.dictionaries(text(NAME, 30), POOL, min_size=1, max_size=2))
    config["kubeconfig"] = {"ttl-seconds": ttl} | some(
        user=text(SUBJECT, 64),
        groups=st.lists(text(SUBJECT, 64), min_size=1, max_size=2),
        early_renewal_seconds=numbers(0, ttl - 1),
    )
    config["ingress"] = some(
        controller=st.sampled_from((*CONTROLLERS, "none")),
        load_balancer=st.sampled_from(("managed", "ccm")),
        timeout_seconds=numbers(1, DAY),
        **{"class": text(NAME, 30)},
    )
    if config["ingress"].get("controller") != "none":
        config |= some(demo=st.booleans(), dns=st.fixed_dictionaries({"domain": text(DOMAIN)}))
    return config, draw(text(STACK, 63)), draw(text(STACK, 63))


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    made = Authorities(tmp_path_factory.mktemp("authorities") / "cluster")
    made.create("cluster", "cluster.test")
    return made


def put_to_the_cloud(
    authorities: Authorities, config: Document, project: str = PROJECT_NAME, stack: str = "dev"
) -> bool:
    """Runs the program with these settings if they are accepted; whether they were."""
    with tempfile.TemporaryDirectory() as folder:
        file = {"file": str(Path(folder) / "config")}
        world = configure(
            {**config, "kubeconfig": {**config.get("kubeconfig", {}), **file}},
            stack,
            Answered(authorities=authorities),
            project,
        )
        try:
            load()
        except pulumi.RunError:
            return False
        execute(main, world)
    assert {"SecurityGroup", "SksCluster", "SksNodepool", "SksKubeconfig"} <= {*world.made}
    return True


# A failing example is small enough, and to make it smaller would take minutes.
@how(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(configurations())
@example(({"owner": "o" * 63, "nodepools": {"n" * 30: {}}}, "p" * 63, "s" * 63))
def test_whatever_the_settings_accept_the_cloud_accepts(
    authorities: Authorities, configuration: tuple[Document, str, str]
) -> None:
    event("accepted" if put_to_the_cloud(authorities, *configuration) else "refused")


@pytest.mark.parametrize(("section", "key", "value"), DOUBTFUL)
def test_what_the_cloud_refuses_is_refused_beforehand(
    authorities: Authorities, section: str, key: str, value: Any
) -> None:
    put_to_the_cloud(authorities, {section: {key: value}})
