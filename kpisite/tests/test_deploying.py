"""The files for containers, systemd, proxies and Kubernetes, by the validators of these tools."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from kpisite.tests.product import clean_environment, free_port, wait_until
from kpisite.tests.test_settings_table import ROW

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent


def passes(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a validator; the test fails with what it says."""
    ended = subprocess.run(
        [str(one) for one in command], cwd=cwd, capture_output=True, check=False, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def tool(name: str) -> str:
    path = shutil.which(name, path=f"{BIN}:/usr/sbin:/usr/bin:/usr/local/bin")
    return path or pytest.skip(f"{name} is not installed.")


def test_the_image_follows_the_rules_of_hadolint() -> None:
    passes(BIN / "hadolint", "Dockerfile")


def test_compose_reads_its_file() -> None:
    passes(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_kubernetes_knows_every_field(tmp_path: Path) -> None:
    built = tmp_path / "all.yaml"
    built.write_text(passes(tool("kubectl"), "kustomize", DEPLOY / "kubernetes").stdout)
    passes(BIN / "kubernetes-validate", "--strict", built)

    # the restricted policy of the namespace refuses any other container
    assert built.read_text().count("runAsNonRoot: true") == 5
    assert built.read_text().count("readOnlyRootFilesystem: true") == 8


@pytest.mark.parametrize(
    "unit", sorted((DEPLOY / "systemd").glob("*.*")), ids=lambda path: path.name
)
def test_systemd_understands_each_unit(unit: Path, tmp_path: Path) -> None:
    # the programs are not where they will be
    for path in (DEPLOY / "systemd").glob("*.*"):
        text = re.sub(r"/opt/learning-kpis/\.venv/bin/\w+", "/bin/true", path.read_text())
        (tmp_path / path.name).write_text(text)
    said = passes(tool("systemd-analyze"), "verify", tmp_path / unit.name).stderr
    assert "learning-kpis" not in said, said


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    passes(
        *(tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"),
        *("-keyout", key, "-out", certificate),
    )
    site = (DEPLOY / "proxy" / "nginx.conf").read_text()
    site = site.replace("/etc/ssl/kpi.example.org", str(tmp_path))
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"events {{}}\nhttp {{\n{site}\n}}\n")
    passes(tool("nginx"), "-t", "-c", whole, "-g", f"pid {tmp_path}/pid; error_log stderr;")


def test_examples_name_settings_that_exist() -> None:
    known = {*ROW.findall((ROOT / "docs" / "settings.md").read_text()), "POSTGRES_PASSWORD"}
    files = (
        *(ROOT / ".env.example", DEPLOY / "systemd" / "environment"),
        *(DEPLOY / "kubernetes").glob("*.env"),
    )
    for file in files:
        assert {*re.findall(r"^([A-Z_]+)=", file.read_text(), re.MULTILINE)} <= known, file


def test_the_web_server_runs_alone_and_is_probed(tmp_path: Path) -> None:
    given = {"KPI_DATA_DIR": str(tmp_path), "PORT": str(free_port()), "KPI_DEMO": "no"}
    environment = clean_environment(**given)

    def probe(*what: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kpisite.launcher.probe", *what]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, check=False, text=True
        )

    assert "does not answer" in probe().stderr
    with subprocess.Popen(
        [sys.executable, "-m", "kpisite.launcher.web"], cwd=ROOT, env=environment
    ) as server:
        try:
            assert wait_until(lambda: probe("web").returncode == 0)
            assert probe().returncode == 1
            assert '"worker": false' in probe().stdout
        finally:
            server.terminate()


def test_a_wrong_key_in_the_environment_is_a_sentence(tmp_path: Path) -> None:
    environment = clean_environment(
        KPI_DATA_DIR=str(tmp_path), DATABASE_URL="postgres://kpi:x@db:5432/kpi", SECRET_KEY="short"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "kpisite.launcher.web"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("The setting SECRET_KEY=(not shown) is wrong: it must be")
    assert len(ended.stderr.splitlines()) == 1
