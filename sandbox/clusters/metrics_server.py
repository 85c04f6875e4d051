"""The real metrics-server of one cluster, run beside the API server; its pod in kube-system only stands for it."""

import os
import subprocess
from pathlib import Path

from sandbox.clusters.processes import executable, kill_process

NAME = "metrics-server"


class MetricsServer:
    """One process, started again when it has ended (it gives up when the API server is away for long).

    Args:
        folder: the cluster's folder.
        binary: the metrics-server.
        port: where it listens on 127.0.0.1.
        proxy_port: through which it reaches the kubelets (konnectivity).
    """

    def __init__(self, folder: Path, binary: Path, port: int, proxy_port: int) -> None:
        self._folder = folder
        self._binary = binary
        self._port = port
        self._proxy = f"http://127.0.0.1:{proxy_port}"
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Starts it unless it runs."""
        if self._process and self._process.poll() is None:
            return
        pki = self._folder / "pki"
        access = self._folder / "kubeconfig.yaml"
        command = [
            str(executable(self._folder, NAME, self._binary)),
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
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
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HTTPS_PROXY": self._proxy}
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
