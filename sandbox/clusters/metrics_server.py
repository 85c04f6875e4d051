"""The real metrics-server of one cluster, run beside the API server; its pod in kube-system only stands for it."""

import os
import subprocess
from pathlib import Path

from sandbox import ports
from sandbox.clusters.konnectivity import Konnectivity
from sandbox.clusters.processes import executable, kill_process

NAME = "metrics-server"


class MetricsServer:
    """One process, started again when it has ended (it gives up when the API server is away for long).

    Args:
        folder: the cluster's folder.
        binary: the metrics-server.
        konnectivity: through which it reaches the kubelets, and the API server reaches it.
        address: of its Service in the cluster.
    """

    def __init__(self, folder: Path, binary: Path, konnectivity: Konnectivity, address: str) -> None:
        self._folder = folder
        self._binary = binary
        self._konnectivity = konnectivity
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Starts it unless it runs, each time on another port: somebody may have taken the last one."""
        if self._process and self._process.poll() is None:
            return
        port = ports.free()
        self._konnectivity.route(self._address, port)
        pki = self._folder / "pki"
        access = self._folder / "kubeconfig.yaml"
        command = [
            str(executable(self._folder, NAME, self._binary)),
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

    def stop(self) -> None:
        """Ends it."""
        if self._process:
            kill_process(self._folder, NAME)
            self._process.wait()
            self._process = None
