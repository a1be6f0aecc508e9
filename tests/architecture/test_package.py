"""The package: everything is in it, and it works outside of the checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = {"lexops": "lexops", "checks": "lexops_checks", "runbooks": "lexops_runbooks"}


def test_every_package_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = set()
    for folder, name in NAMES.items():
        for init in (ROOT / folder).rglob("*.py"):
            inside = init.parent.relative_to(ROOT / folder)
            found.add(".".join([name, *inside.parts]))
    assert found == listed


def test_every_data_file_is_packaged() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    found = [path for folder in NAMES for path in (ROOT / folder).rglob("*") if path.is_file()]
    files = {path for path in found if "__pycache__" not in path.parts}  # where others may be writing
    packages = {path.parent for path in files if path.suffix == ".py"}
    packaged = {found for package in packages for pattern in listed for found in package.glob(pattern)}
    assert {path for path in files - packaged if path.suffix != ".py"} == set()


@pytest.mark.heavy
def test_the_wheel_works_in_an_environment_of_its_own(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(tmp_path), str(ROOT)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("lexops-*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = ["-m", "pip", "--quiet", "install", "-c", str(ROOT / "constraints.txt"), str(wheel)]
    subprocess.run([str(python), *install], check=True, timeout=600, cwd=tmp_path)
    lexops = tmp_path / "venv" / "bin" / "lexops"
    done = subprocess.run(
        [str(lexops), "demo", "--headless", "--dir", str(tmp_path / "demo")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    assert "billing-db" in done.stdout
