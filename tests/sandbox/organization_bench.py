"""What one organisation has: an object of each kind, and how to ask for each operation on it."""

from sandbox.api.openapi import official
from sandbox.client import SandboxClient
from sandbox.cloud import Cloud
from sandbox.store import Document
from tests.sandbox.block_storage_bench import Store
from tests.sandbox.instance_pool_bench import TEMPLATE
from tests.sandbox.sks_bench import CCM, HEALTHCHECK, MEDIUM, NEWEST, NOWHERE

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
CSI = "exoscale-container-storage-interface"

# Bodies that a user's own objects would be changed with, for operations that want one.
BODIES: dict[str, Document] = {
    "add-external-source-to-security-group": {"cidr": "198.51.100.7/32"},
    "add-rule-to-security-group": {"flow-direction": "ingress", "protocol": "icmp"},
    "add-service-to-load-balancer": {
        "name": "more",
        "protocol": "tcp",
        "strategy": "round-robin",
        "port": 8080,
        "target-port": 30080,
        "healthcheck": HEALTHCHECK,
        "instance-pool": {"id": NOWHERE},
    },
    "attach-block-storage-volume-to-instance": {"instance": {"id": NOWHERE}},
    "attach-instance-to-security-group": {"instance": {"id": NOWHERE}},
    "attach-instance-to-elastic-ip": {"instance": {"id": NOWHERE}},
    "attach-instance-to-private-network": {"instance": {"id": NOWHERE}},
    "create-dns-domain-record": {"name": "www", "type": "A", "content": "192.0.2.2"},
    "create-block-storage-snapshot": {"labels": {"by": "nobody"}},
    "create-instance": {"disk-size": 10, "instance-type": MEDIUM, "template": TEMPLATE},
    "create-instance-pool": {
        "name": "more",
        "size": 1,
        "disk-size": 20,
        "instance-type": MEDIUM,
        "template": TEMPLATE,
    },
    "create-sks-nodepool": {"name": "more", "size": 1, "disk-size": 20, "instance-type": MEDIUM},
    "detach-instance-from-security-group": {"instance": {"id": NOWHERE}},
    "detach-instance-from-elastic-ip": {"instance": {"id": NOWHERE}},
    "detach-instance-from-private-network": {"instance": {"id": NOWHERE}},
    "evict-instance-pool-members": {"instances": [NOWHERE]},
    "evict-sks-nodepool-members": {"instances": [NOWHERE]},
    "generate-sks-cluster-kubeconfig": {"user": "root", "groups": ["system:masters"]},
    "remove-external-source-from-security-group": {"cidr": "192.0.2.1/32"},
    "reset-instance": {"disk-size": 99},
    "resize-block-storage-volume": {"size": 99},
    "resize-instance-disk": {"disk-size": 99},
    "scale-instance": {"instance-type": MEDIUM},
    "scale-instance-pool": {"size": 1},
    "scale-sks-nodepool": {"size": 1},
    "start-instance": {"rescue-profile": "netboot"},
    "update-block-storage-snapshot": {"labels": {"by": "nobody"}},
    "update-block-storage-volume": {"labels": {"by": "nobody"}},
    "update-dns-domain-record": {"content": "192.0.2.2"},
    "update-elastic-ip": {"labels": {"by": "nobody"}},
    "update-iam-role": {"labels": {"by": "nobody"}},
    "update-iam-role-policy": {"default-service-strategy": "deny", "services": {}},
    "update-instance": {"name": "other"},
    "update-instance-pool": {"name": "other"},
    "update-load-balancer": {"labels": {"by": "nobody"}},
    "update-load-balancer-service": {"port": 8080},
    "update-private-network": {"labels": {"by": "nobody"}},
    "update-private-network-instance-ip": {"instance": {"id": NOWHERE}},
    "update-reverse-dns-elastic-ip": {"domain-name": "nobody.example.org"},
    "update-reverse-dns-instance": {"domain-name": "nobody.example.org"},
    "update-sks-cluster": {"labels": {"by": "nobody"}},
    "update-sks-nodepool": {"labels": {"by": "nobody"}},
    "upgrade-sks-cluster": {"version": NEWEST},
}


class Account(Store):
    """One object of each kind, made with the key of one organisation."""

    def __init__(self, cloud: Cloud, client: SandboxClient, organization: str) -> None:
        super().__init__(cloud, client)
        self.view = cloud.of(cloud.store.organization(organization))
        self.done(client.update_sks_cluster(id=self.cluster_id, addons=[CCM, CSI]))
        group = self.done(client.create_security_group(name="fw"))
        self.done(client.add_external_source_to_security_group(id=group, cidr="192.0.2.1/32"))
        ping = {"flow_direction": "ingress", "protocol": "icmp", "network": "0.0.0.0/0"}
        last = client.add_rule_to_security_group(id=group, **ping)
        self.done(last)
        balancer, pool = self.balancer(), self.nodes["instance-pool"]["id"]
        volume = self.attached(self.instance_id())
        target = cloud.ids.uuid()  # which Exoscale gives, and nobody can ask for
        self.view.store.put("deploy-target", {"id": target, "name": "ours", "type": "dedicated", "_zone": "ch-gva-2"})
        spare = {"name": "spare", "size": 1, "disk_size": 10, "instance_type": MEDIUM, "template": TEMPLATE}
        self.done(client.create_instance_pool(**spare))
        machine = self.done(client.create_instance(disk_size=10, instance_type=MEDIUM, template=TEMPLATE))
        self.done(client.add_instance_protection(id=machine))
        role = self.done(client.create_iam_role(name="program"))
        elastic = self.done(client.create_elastic_ip(description="spare"))
        for change in (client.update_reverse_dns_elastic_ip, client.update_reverse_dns_instance):
            id_ = elastic if change.__name__.endswith("elastic_ip") else self.instance_id()
            self.done(change(id=id_, domain_name="www.example.org"))
        domain = self.done(client.create_dns_domain(unicode_name="example.org"))
        record = client.create_dns_domain_record(domain_id=domain, name="www", type="A", content="192.0.2.1")
        client.register_ssh_key(name=f"of-{organization}", public_key=PUBLIC_KEY)
        client.list_iam_roles()  # the owner's is made with the first look
        self.ids = {
            "api-key": client.create_api_key(name="program", role_id=role)["key"],
            "anti-affinity-group": self.done(client.create_anti_affinity_group(name="apart")),
            "block-storage": volume,
            "block-storage-snapshot": self.snapshot(volume),
            "deploy-target": target,
            "dns-domain": domain,
            "elastic-ip": elastic,
            "iam-role": role,
            "instance": self.instance_id(),
            "instance-pool": pool,
            "load-balancer": balancer,
            "operation": last["id"],
            "private-network": self.done(client.create_private_network(name="lan")),
            "security-group": group,
            "ssh-key": f"of-{organization}",
            "sks-cluster": self.cluster_id,
            "sks-cluster-deprecated-resources": self.cluster_id,
            "sks-cluster-kubeconfig": self.cluster_id,
        }
        self.parts = {
            "domain-id": domain,
            "record-id": self.done(record),
            "rule-id": client.get_security_group(id=group)["rules"][0]["id"],
            "service-id": self.service(balancer, pool)["id"],
            "sks-nodepool-id": self.nodes["id"],
        }

    def path(self, operation_id: str) -> dict[str, str]:
        """The operation's path parameters, so that it is about what this account has."""
        operation = official().operations[operation_id]
        noun = operation.template.removeprefix("/reverse-dns").split("/")[1]
        own = {"id": self.ids[noun], **self.parts}
        schemas = {item["name"]: item["schema"] for item in operation.definition["parameters"]}
        return {name: own[name] if name in own else schemas[name]["enum"][0] for name in operation.names}

    def call(self, operation_id: str, parameters: Document) -> Document:
        """Asks the API by the official client."""
        method = getattr(self.client, operation_id.replace("-", "_"))
        answer: Document = method(**{name.replace("-", "_"): value for name, value in parameters.items()})
        return answer

    def holds(self) -> dict[str, list[Document]]:
        """Every document that belongs to it."""
        return {kind: self.view.store.list(kind) for kind in self.view.store.kinds()}

    def owns(self) -> set[str]:
        """The ids of all that belongs to it, and the names of its SSH keys, which have no other."""
        ids = {document["id"] for documents in self.holds().values() for document in documents}
        return ids | {self.ids["ssh-key"]}
