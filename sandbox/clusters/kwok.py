"""One control plane's processes: etcd, API server, controller manager, scheduler and kwok, run by kwokctl.

All of them listen on 127.0.0.1. kwok's port plays every node's kubelet.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from sandbox import ports
from sandbox.clusters import etcd, usage
from sandbox.clusters.processes import end_processes, ended, executable, kill_process, listening
from sandbox.files import write_private

START_SECONDS = 120
_LOOK_SECONDS = 0.5
KUBELET_PORT = 10250
SERVICE_CIDR = "10.96.0.0/12"  # cluster DNS is 10.96.0.10 (docs/exoscale.md, Inside a cluster)
POD_CIDR = "192.168.0.1/16"  # Calico's default
# The API server must advertise an address that is not loopback; nothing connects to this one (RFC 5737).
ADVERTISED = "192.0.2.1"
PORTS = ("etcd", "etcd-peer", "api-server", "controller-manager", "scheduler", "kwok")

Tools = Callable[[str], Path]


class StartFailed(Exception):
    """The control plane did not start; the message ends with kwokctl's output."""


class Ended(StartFailed):
    """One of its processes ended at once, usually because another program took its port after it was chosen."""


class Kwok:
    """The processes of one cluster.

    Args:
        folder: `$SANDBOX_HOME/clusters/<id>`, with the certificates in `pki`.
        tools: returns the path of a binary by name.
    """

    def __init__(self, folder: Path, tools: Tools) -> None:
        self.folder = folder
        self._tools = tools

    @property
    def ports(self) -> dict[str, int]:
        """Returns the port of each process; the same after a restart, if it is still free.

        Raises:
            FileNotFoundError: the cluster was never started.
        """
        chosen: dict[str, int] = json.loads((self.folder / "ports.json").read_text())
        return chosen

    def start(self, konnectivity_port: int) -> None:
        """Starts everything with the existing data; returns when the API server serves.

        Args:
            konnectivity_port: port of the API server's proxy to the nodes.

        Raises:
            Ended: a process ended; with other ports it may work.
            StartFailed: it did not start within 120 s.
        """
        end_processes(self.folder, grace_seconds=0)
        # Configured at each start: ports and binaries may have changed. The data is in `etcd` and `pki`.
        (self.folder / "kwok.yaml").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "bin", ignore_errors=True)
        self._choose_ports()
        write_private(self.folder / "egress.yaml", yaml.safe_dump(self._egress(konnectivity_port)))
        write_private(self.folder / "usage.yaml", yaml.safe_dump_all(usage.documents()))
        write_private(self.folder / "kwokctl.yaml", yaml.safe_dump(self._configuration()))
        self._kwokctl("create", "cluster", "--kubeconfig=", "--wait=0s")

    def serves(self) -> bool:
        """Whether each process listens on its port. kwokctl starts them but does not check them.

        Raises:
            Ended: one of them is gone.
        """
        self._refuse_ended()
        return set(self.ports.values()) <= listening(self.folder)

    def revive(self) -> None:
        """Restarts processes that were killed, or ended because of that.

        Raises:
            StartFailed: they did not start within 120 s.
        """
        for name in ended(self.folder):
            kill_process(self.folder, name)  # removes its record
        self._kwokctl("start", "cluster", "--wait=0s")

    def kill(self, name: str) -> None:
        """Kills one process by its name, e.g. `kube-apiserver`."""
        kill_process(self.folder, name)

    def stop(self) -> None:
        """Ends everything; the data stays."""
        end_processes(self.folder, grace_seconds=0)

    def _kwokctl(self, *arguments: str) -> None:
        program = executable(self.folder, "kwokctl", self._tools("kwokctl"))
        command = [str(program), f"--name={self.folder.name}", f"--config={self.folder / 'kwokctl.yaml'}", *arguments]
        # A clean environment: no proxy, no KWOK_ setting and no credential of ours reaches the control plane.
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder / "home"),
            "KWOK_WORKDIR": str(self.folder.parent.parent),
            "GOGC": "400",  # at the default of 100, Go's garbage collector takes a tenth of a control plane's CPU
        }
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C at the terminal is the daemon's to handle
        ) as process:
            try:
                said = self._output_of(process, arguments[0])
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0 or "not served yet" in said:  # it exits 0 after that warning
            raise Ended(f"kwokctl {arguments[0]}: {said[-2000:]}")

    def _output_of(self, process: "subprocess.Popen[str]", verb: str) -> str:
        """Runs kwokctl and returns its output. kwokctl would keep waiting for a process that has ended; we do not."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return process.communicate(timeout=_LOOK_SECONDS)[0]
            except subprocess.TimeoutExpired as late:
                self._refuse_ended()
                if time.monotonic() > deadline:
                    said = late.output.decode() if isinstance(late.output, bytes) else (late.output or "")
                    raise StartFailed(f"kwokctl {verb} took over {START_SECONDS} s: {said[-2000:]}") from late

    def _refuse_ended(self) -> None:
        if gone := ended(self.folder):
            raise Ended(f"{', '.join(sorted(gone))} ended at once; {self.folder / 'logs'} says why")

    def _choose_ports(self) -> None:
        ports.kept(self.folder / "ports.json", PORTS)

    def _egress(self, konnectivity_port: int) -> dict[str, Any]:
        pki = self.folder / "pki"
        tls = {
            "caBundle": str(pki / "ca.crt"),
            "clientCert": str(pki / "admin.crt"),
            "clientKey": str(pki / "admin.key"),
        }
        transport = {"tcp": {"url": f"https://127.0.0.1:{konnectivity_port}", "tlsConfig": tls}}
        return {
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [
                {"name": "cluster", "connection": {"proxyProtocol": "HTTPConnect", "transport": transport}}
            ],
        }

    def _configuration(self) -> dict[str, Any]:
        port = self.ports
        pki = self.folder / "pki"
        return {
            "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
            "kind": "KwokctlConfiguration",
            "options": {
                "runtime": "binary",
                "bindAddress": "127.0.0.1",
                "etcdBinary": str(self._tools("etcd")),
                "kubeApiserverBinary": str(self._tools("kube-apiserver")),
                "kubeControllerManagerBinary": str(self._tools("kube-controller-manager")),
                "kubeSchedulerBinary": str(self._tools("kube-scheduler")),
                "kwokControllerBinary": str(self._tools("kwok")),
                "etcdPort": port["etcd"],
                "etcdPeerPort": port["etcd-peer"],
                "kubeApiserverPort": port["api-server"],
                "kubeControllerManagerPort": port["controller-manager"],
                "kubeSchedulerPort": port["scheduler"],
                "kwokControllerPort": port["kwok"],
                "cacheDir": str(self.folder / "home"),
                "heartbeatFactor": 1,  # nodes turn NotReady after Kubernetes' own 40 s
                "nodeLeaseDurationSeconds": 40,
                "disableQPSLimits": True,
            },
            "componentsPatches": [
                # Survives a killed process, as the sandbox's own store does; not a power cut.
                _patch(
                    "etcd",
                    {"unsafe-no-fsync": "true", **etcd.locks(pki, port["etcd"])},
                    override=etcd.addresses(port["etcd"], port["etcd-peer"]),
                ),
                _patch(
                    "kube-apiserver",
                    {
                        "advertise-address": ADVERTISED,
                        "service-cluster-ip-range": SERVICE_CIDR,
                        "egress-selector-config-file": str(self.folder / "egress.yaml"),
                        "requestheader-client-ca-file": str(pki / "aggregation.crt"),
                        "requestheader-allowed-names": "front-proxy-client",
                        "requestheader-username-headers": "X-Remote-User",
                        "requestheader-group-headers": "X-Remote-Group",
                        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
                        **etcd.keys(pki),
                    },
                    override={
                        **etcd.servers(port["etcd"]),
                        "proxy-client-cert-file": str(pki / "front-proxy.crt"),
                        "proxy-client-key-file": str(pki / "front-proxy.key"),
                    },
                ),
                _patch(
                    "kube-controller-manager",
                    {
                        "leader-elect": "false",  # there is one; a restart need not wait for the old lease
                        "cluster-signing-cert-file": str(pki / "ca.crt"),
                        "cluster-signing-key-file": str(pki / "ca.key"),
                    },
                ),
                _patch("kube-scheduler", {"leader-elect": "false"}),
                _patch(
                    "kwok-controller",
                    {"config": str(self.folder / "usage.yaml"), "cidr": POD_CIDR},
                    override={"node-port": str(KUBELET_PORT)},
                ),
            ],
        }


def _patch(component: str, add: dict[str, str], override: dict[str, str] | None = None) -> dict[str, Any]:
    added = [{"key": key, "value": value} for key, value in add.items()]
    overridden = [{"key": key, "value": value, "override": True} for key, value in (override or {}).items()]
    return {"name": component, "extraArgs": added + overridden}
