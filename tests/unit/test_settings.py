"""Each bad setting gives its one line, before anything is registered; good ones arrive typed."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import catalogue
from configuration.settings import load
from tests.unit.conftest import PROJECT, configure, problems

ZONES = "at-vie-1, at-vie-2, bg-sof-1, ch-dk-2, ch-gva-2, de-fra-1, de-muc-1, hr-zag-1"
NAME_RULE = "at most 30 lower-case letters, digits or hyphens, beginning with a letter"
LABEL_RULE = "at most 63 letters, digits or . _ -, with a letter or digit at both ends"
SUBJECT_RULE = "1 to 64 letters, digits or signs of ASCII, which every certificate's subject takes"
ALL_TAINTED = (
    "nodepools are all tainted NoSchedule or NoExecute; allowed: at least one with nodes and without such a taint, "
    "where CoreDNS and the like can run"
)
SIZE_RULE = "a whole number from 0, external, or an object with min and max"
TAINT_RULE = "value:effect with effect NoSchedule, PreferNoSchedule, NoExecute, such as gpu:NoSchedule"


def pool(**settings: Any) -> dict[str, Any]:
    return {"nodepools": {"web": {key.replace("_", "-"): value for key, value in settings.items()}}}


BAD = [
    ({"platform": "aws"}, 'platform is "aws"; allowed: exoscale, k3d'),
    ({"zone": "ch-gva-9"}, f'zone is "ch-gva-9"; allowed: {ZONES}'),
    ({"zone": ""}, f'zone is ""; allowed: {ZONES}'),
    ({"demo": "yes"}, 'demo is "yes"; allowed: true, false'),
    (
        {"demo": True, "ingress": {"controller": "none"}},
        "demo is true; allowed: false, as ingress.controller is none",
    ),
    ({"level": "gold"}, 'level is "gold"; allowed: starter, pro'),
    ({"cni": "flannel"}, 'cni is "flannel"; allowed: calico, cilium'),
    ({"version": "1.34"}, 'version is "1.34"; allowed: newest, or a version such as 1.34.3'),
    ({"owner": "a@b.c"}, f'owner is "a@b.c"; allowed: {LABEL_RULE}'),
    ({"zones": "ch-dk-2"}, "zones is not a setting; did you mean exoscale-sks:zone?"),
    ({"nodepools": {}}, 'nodepools is "0 nodepools"; allowed: 1 to 16 of them'),
    ({"nodepools": {f"p{n}": {} for n in range(17)}}, 'nodepools is "17 nodepools"; allowed: 1 to 16 of them'),
    (pool(taints={"a": "b:PreferNoSchedule", "c": "d:NoSchedule"}), ALL_TAINTED),
    (
        {"nodepools": {"a": {"taints": {"x": "y:NoSchedule"}}, "b": {"taints": {"x": "y:NoExecute"}}}},
        ALL_TAINTED,
    ),
    ({"nodepools": {"a": {"taints": {"x": "y:NoSchedule"}}, "parked": {"size": 0}}}, ALL_TAINTED),
    ({"nodepools": ["web"]}, 'nodepools is ["web"]; allowed: an object'),
    ({"nodepools": {"Web": {}}}, f"nodepools.Web is not a valid name; allowed: {NAME_RULE}"),
    (pool(size=-1), "nodepools.web.size is -1; allowed: a whole number from 0"),
    (pool(size="2"), f'nodepools.web.size is "2"; allowed: {SIZE_RULE}'),
    (pool(size=True), f"nodepools.web.size is true; allowed: {SIZE_RULE}"),
    (pool(size={"min": 2}), "nodepools.web.size.max is not set; allowed: a whole number from 2"),
    (pool(size={"min": 3, "max": 2}), "nodepools.web.size.max is 2; allowed: a whole number from 3"),
    (pool(size={"min": -1, "max": 2}), "nodepools.web.size.min is -1; allowed: a whole number from 0"),
    (
        pool(size={"max": 2, "mni": 1}),
        "nodepools.web.size.mni is not a setting; did you mean exoscale-sks:nodepools.web.size.min?",
    ),
    (
        pool(size={"max": 9}),
        "nodepools.web.size is 9; allowed: up to 8, or more without anti-affinity",
    ),
    (
        pool(size=9),
        "nodepools.web.size is 9; allowed: up to 8, or more without anti-affinity",
    ),
    (pool(disk_size_gb=19), "nodepools.web.disk-size-gb is 19; allowed: a whole number from 20 to 51200"),
    (pool(disk_size_gb=51201), "nodepools.web.disk-size-gb is 51201; allowed: a whole number from 20 to 51200"),
    (pool(instance_prefix="Web"), f'nodepools.web.instance-prefix is "Web"; allowed: {NAME_RULE}'),
    (pool(anti_affinity="yes"), 'nodepools.web.anti-affinity is "yes"; allowed: true, false'),
    (pool(taints={"gpu": "yes"}), f'nodepools.web.taints.gpu is "yes"; allowed: {TAINT_RULE}'),
    (pool(taints={"gpu": "yes:Never"}), f'nodepools.web.taints.gpu is "yes:Never"; allowed: {TAINT_RULE}'),
    (pool(taints={"gpu": ":NoSchedule"}), f'nodepools.web.taints.gpu is ":NoSchedule"; allowed: {TAINT_RULE}'),
    (pool(labels={"team": "a b"}), f'nodepools.web.labels.team is "a b"; allowed: {LABEL_RULE}'),
    (
        pool(labels={"a b": "c"}),
        "nodepools.web.labels.a b is not a valid name; allowed: a Kubernetes label key, such as team or a.io/team",
    ),
    (
        pool(labels={"stack": "mine"}),
        'nodepools.web.labels.stack is "mine"; allowed: any label but this: the stack sets it itself',
    ),
    *(
        (
            pool(labels={key: "x"}),
            f'nodepools.web.labels.{key} is "x"; allowed: a prefix of your own, or node.kubernetes.io/ or '
            "kubelet.kubernetes.io/: no node may give itself this label",
        )
        for key in (
            "node-role.kubernetes.io/worker",
            "kubernetes.io/hostname",
            "k8s.io/team",
            "app.kubernetes.io/name",
            "node-restriction.kubernetes.io/team",
            "topology.kubernetes.io/zone",
            "node.kubernetes.io/instance-type",
        )
    ),
    (
        pool(instance_typ="x"),
        "nodepools.web.instance-typ is not a setting; did you mean exoscale-sks:nodepools.web.instance-type?",
    ),
    ({"firewall": {"open-node-ports": 1}}, "firewall.open-node-ports is 1; allowed: true, false"),
    (
        {"firewall": {"nodeports": True}},
        "firewall.nodeports is not a setting; did you mean exoscale-sks:firewall.open-node-ports?",
    ),
    ({"kubeconfig": {"ttl-seconds": -1}}, "kubeconfig.ttl-seconds is -1; allowed: a whole number from 1 to 3153600000"),
    (
        {"kubeconfig": {"ttl-seconds": 3153600001}},
        "kubeconfig.ttl-seconds is 3153600001; allowed: a whole number from 1 to 3153600000",
    ),
    (
        {"kubeconfig": {"ttl-seconds": 60, "early-renewal-seconds": 60}},
        "kubeconfig.early-renewal-seconds is 60; allowed: a whole number from 0 to 59",
    ),
    ({"kubeconfig": {"user": ""}}, f'kubeconfig.user is ""; allowed: {SUBJECT_RULE}'),
    ({"kubeconfig": {"user": "Zoé"}}, f'kubeconfig.user is "Zo\\u00e9"; allowed: {SUBJECT_RULE}'),
    ({"kubeconfig": {"user": "a" * 65}}, f'kubeconfig.user is "{"a" * 65}"; allowed: {SUBJECT_RULE}'),
    (
        {"kubeconfig": {"groups": []}},
        f"kubeconfig.groups is []; allowed: a list of at least one, each {SUBJECT_RULE}",
    ),
    (
        {"kubeconfig": {"groups": ["ops", ""]}},
        f'kubeconfig.groups is ["ops", ""]; allowed: a list of at least one, each {SUBJECT_RULE}',
    ),
    ({"kubeconfig": {"ttl": 60}}, "kubeconfig.ttl is not a setting; did you mean exoscale-sks:kubeconfig.ttl-seconds?"),
    (
        {"ingress": {"controller": "haproxy"}},
        'ingress.controller is "haproxy"; allowed: nginx, ingress-nginx, traefik, none',
    ),
    ({"ingress": {"load-balancer": "nlb"}}, 'ingress.load-balancer is "nlb"; allowed: managed, ccm'),
    ({"ingress": {"nodepool": "gpu"}, "nodepools": {"a": {}, "b": {}}}, 'ingress.nodepool is "gpu"; allowed: a, b'),
    ({"ingress": {"timeout-seconds": 0}}, "ingress.timeout-seconds is 0; allowed: a whole number from 1 to 86400"),
    (
        {"ingress": {"timeout-seconds": 86401}},
        "ingress.timeout-seconds is 86401; allowed: a whole number from 1 to 86400",
    ),
    ({"ingress": {"chart": ""}}, 'ingress.chart is ""; allowed: a chart\'s name, folder or oci:// address'),
    ({"ingress": {"chart": " "}}, 'ingress.chart is " "; allowed: a chart\'s name, folder or oci:// address'),
    ({"ingress": {"klass": "x"}}, "ingress.klass is not a setting; did you mean exoscale-sks:ingress.class?"),
    ({"storage": {"on-destroy": "burn"}}, 'storage.on-destroy is "burn"; allowed: refuse, delete, keep'),
    ({"storage": {"csi": "yes"}}, 'storage.csi is "yes"; allowed: true, false'),
    ({"storage": {"longhorn": "yes"}}, 'storage.longhorn is "yes"; allowed: true, false, or an object'),
    (
        {
            "storage": {"longhorn": {"replicas": 3}},
            "nodepools": {"a": {"size": 1}, "b": {"taints": {"gpu": "x:NoSchedule"}}},
        },
        "storage.longhorn.replicas is 3; allowed: a whole number from 1 to 1, because each needs a node of its own "
        "that takes any pod",
    ),
    (
        {"storage": {"longhorn": {"replicas": 21}}},
        "storage.longhorn.replicas is 21; allowed: a whole number from 1 to 20",
    ),
    (
        {"storage": {"longhorn": True}, "nodepools": {"a": {"size": 0}}},
        "storage.longhorn.replicas need a node; allowed: a nodepool with nodes and without a taint that repels pods",
    ),
    ({"storage": {"longhorn": {"default-class": 1}}}, "storage.longhorn.default-class is 1; allowed: true, false"),
    (
        {"storage": {"longhorn": {"timeout-seconds": 0}}},
        "storage.longhorn.timeout-seconds is 0; allowed: a whole number from 1 to 86400",
    ),
    (
        {"storage": {"longhorn": {"replica": 1}}},
        "storage.longhorn.replica is not a setting; did you mean exoscale-sks:storage.longhorn.replicas?",
    ),
    (
        {"storage": {"longhorn": True}, "platform": "k3d"},
        "storage.longhorn is true; allowed: false on k3d, whose nodes are containers and attach no iSCSI disk",
    ),
    ({"storage": {"cis": True}}, "storage.cis is not a setting; did you mean exoscale-sks:storage.csi?"),
    ({"drain": {"wait-seconds": 0}}, "drain.wait-seconds is 0; allowed: a whole number from 1 to 86400"),
    ({"drain": {"wait-seconds": 86401}}, "drain.wait-seconds is 86401; allowed: a whole number from 1 to 86400"),
    ({"drain": {"wait": 5}}, "drain.wait is not a setting; did you mean exoscale-sks:drain.wait-seconds?"),
    ({"protect": "maybe"}, 'protect is "maybe"; allowed: true, false'),
    *(
        ({"ttl": ttl}, f'ttl is "{ttl}"; allowed: none, or hours or days such as 12h or 7d')
        for ttl in ("", "12", "0h", "1w", "1.5h", "10000d", "-1h")
    ),
    ({"k3d": {"api-port": 65536}}, "k3d.api-port is 65536; allowed: a whole number from 1 to 65535"),
    (
        {"k3d": {"api-port": 8080, "http-port": 8080}},
        "k3d.http-port is 8080; allowed: any port but that of the API",
    ),
    ({"version": "1.3٤.3"}, 'version is "1.3\\u0664.3"; allowed: newest, or a version such as 1.34.3'),
    ({"ingress": "nginx"}, 'ingress is "nginx"; allowed: an object'),
]


@pytest.mark.parametrize(("config", "line"), BAD)
def test_each_bad_setting_gives_one_line_with_key_value_and_what_is_allowed(config: dict[str, Any], line: str) -> None:
    assert problems(config) == [f"exoscale-sks:{line}"]


@pytest.mark.parametrize(
    "nodepools",
    [
        {"a": {"taints": {"x": "y:NoSchedule"}}, "b": {}},
        {"a": {"taints": {"x": "y:PreferNoSchedule"}}},
        {"a": {"taints": {"x": "y:NoSchedule"}, "size": 0}},
        {"a": {"taints": {"x": "y:NoExecute"}}, "b": {"size": {"min": 0, "max": 2}}},
    ],
)
def test_one_pool_that_takes_any_pod_is_enough_and_a_cluster_without_a_node_needs_none(nodepools: Any) -> None:
    configure({"nodepools": nodepools})

    assert load().cluster.nodepools.keys() == nodepools.keys()


@pytest.mark.parametrize(
    "bad",
    [
        "medium",
        "standard.tiny",
        "standard.micro",
        "standard.smal",
        "Standard.small",
        "standard",
        "standard.small.2",
        "",
    ],
)
def test_a_type_that_no_node_can_be_gives_one_line_with_the_families_and_sizes(bad: str) -> None:
    (line,) = problems(pool(instance_type=bad))

    assert line.startswith(f'exoscale-sks:nodepools.web.instance-type is "{bad}"; allowed: ')


def test_all_that_is_wrong_is_said_at_once() -> None:
    lines = problems({"zone": "mars", "level": "gold", **pool(size=-1, disk_size_gb=1)})

    assert [line.split(" is ")[0] for line in lines] == [
        "exoscale-sks:nodepools.web.size",
        "exoscale-sks:nodepools.web.disk-size-gb",
        "exoscale-sks:zone",
        "exoscale-sks:level",
    ]


def test_a_setting_without_a_value_is_said_to_be_not_set() -> None:
    configure({})
    everything = dict(pulumi.runtime.config.CONFIG.get())
    everything.pop("exoscale-sks:zone")
    pulumi.runtime.set_all_config(everything)

    with pytest.raises(pulumi.RunError, match=r"^exoscale-sks:zone is not set; allowed: at-vie-1"):
        load()


@pytest.mark.parametrize("stack", ["Dev", "-dev", "dev-", "d" * 64])
def test_a_stack_whose_name_makes_no_label_or_collides_with_another_in_lower_case_is_refused(stack: str) -> None:
    assert problems({}, stack) == [f'the stack\'s name is "{stack}"; allowed: {LABEL_RULE}, in lower case']


def test_a_stack_name_that_k3d_cannot_take_is_refused_for_k3d_only() -> None:
    (line,) = problems({"platform": "k3d"}, "a-much-longer-stack-name")

    assert line.startswith('the k3d cluster\'s name is "exoscale-sks-a-much-longer-stack-name-k3d"; allowed: at most ')


def test_the_defaults_are_the_tutorials_cluster() -> None:
    configure({})
    settings = load()
    (name, chosen), *others = settings.cluster.nodepools.items()

    cluster = settings.cluster
    assert (cluster.zone, cluster.level, cluster.cni, cluster.version) == ("ch-gva-2", "starter", "calico", "newest")
    assert (name, chosen.size, chosen.instance_type, chosen.disk_size_gb, chosen.instance_prefix, others) == (
        "default",
        2,
        "standard.small",
        20,
        "pool",
        [],
    )
    assert cluster.access.user == "kubernetes-admin"
    assert cluster.access.groups == ("system:masters",)
    assert cluster.kubeconfig_file == PROJECT / ".kube" / "dev.yaml"
    assert settings.ingress is not None
    assert (settings.ingress.controller, settings.ingress.ingress_class, settings.ingress.chart) == (
        "nginx",
        "nginx",
        None,
    )


@pytest.mark.parametrize("size", [catalogue.DISK_SIZE_GB.start, catalogue.DISK_SIZE_GB.stop - 1])
def test_the_limits_themselves_are_allowed(size: int) -> None:
    configure(pool(disk_size_gb=size, size=8))

    assert load().cluster.nodepools["web"].disk_size_gb == size


def test_false_and_zero_are_values_and_not_left_to_the_default() -> None:
    configure({"firewall": {"open-node-ports": False}, "kubeconfig": {"early-renewal-seconds": 0}})
    settings = load()

    assert settings.cluster.open_node_ports is False
    assert settings.cluster.access.renewal_seconds == 0


def test_a_short_kubeconfig_is_not_renewed_at_every_up() -> None:
    configure({"kubeconfig": {"ttl-seconds": 60}})

    assert load().cluster.access.renewal_seconds == 15


def test_the_organisation_is_open_until_somebody_pins_it() -> None:
    configure({})
    assert load().cluster.organization == ""
    configure({"organization": "Acme Ltd"})
    assert load().cluster.organization == "Acme Ltd"


def test_an_absolute_kubeconfig_path_is_taken_as_it_is(tmp_path: Path) -> None:
    configure({"kubeconfig": {"file": str(tmp_path / "mine.yaml")}})

    assert load().cluster.kubeconfig_file == tmp_path / "mine.yaml"
