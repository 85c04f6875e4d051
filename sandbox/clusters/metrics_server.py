"""The real metrics-server of one cluster, run beside the API server; its pod in kube-system is only a placeholder.

It is installed after the rest (tools/pins.py), so a cluster may be without it for a while.
"""

import logging
import os
import subprocess
from pathlib import Path

from sandbox import ports
from sandbox.clusters.konnectivity import Konnectivity
from sandbox.clusters.kwok import Tools
from sandbox.clusters.processes import executable, kill_process
from tools.install import Unavailable

NAME = "metrics-server"


class MetricsServer:
    """One process, restarted when it has ended (it gives up if the API server is down for long).

    Args:
        folder: the cluster's folder.
        tools: returns the path of a binary by name.
        konnectivity: proxy through which it reaches the kubelets, and the API server reaches it.
        address: address of its Service in the cluster.
    """

    def __init__(self, folder: Path, tools: Tools, konnectivity: Konnectivity, address: str) -> None:
        self._folder = folder
        self._tools = tools
        self._konnectivity = konnectivity
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None
        self._missing = ""  # why it cannot be started, as logged
        self._log = logging.getLogger(f"sandbox.clusters.{folder.name}")

    def ensure(self) -> bool:
        """Starts it unless it is running, each time on a new port: another program may have taken the last one.

        Returns:
            False if it is not installed.
        """
        if self._process and self._process.poll() is None:
            return True
        try:
            binary = self._tools(NAME)
        except Unavailable as reason:
            if str(reason) != self._missing:
                self._missing = str(reason)
                self._log.info("no figures for `kubectl top`: %s", reason)
            return False
        port = ports.free()
        self._konnectivity.route(self._address, port)
        pki = self._folder / "pki"
        access = self._folder / "kubeconfig.yaml"
        command = [
            str(executable(self._folder, NAME, binary)),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--kubeconfig={access}",
            f"--authentication-kubeconfig={access}",
            f"--authorization-kubeconfig={access}",
            f"--tls-cert-file={pki / 'admin.crt'}",
            f"--tls-private-key-file={pki / 'admin.key'}",
            "--kubelet-insecure-tls",
            "--kubelet-use-node-status-port",
            "--kubelet-preferred-address-types=InternalIP",
            "--metric-resolution=10s",  # the least it accepts; the first figures need two rounds
            "--kubelet-request-timeout=5s",
        ]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HTTPS_PROXY": f"http://127.0.0.1:{self._konnectivity.port}",
        }
        with (self._folder / "logs" / f"{NAME}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return True

    def stop(self) -> None:
        """Ends it."""
        if self._process:
            kill_process(self._folder, NAME)
            self._process.wait()
            self._process = None
