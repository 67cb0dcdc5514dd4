"""environment.yml and the locks agree with pyproject.toml, the one source of the dependencies, and with what is there.

Whether conda-forge has built a version only conda-forge can tell; these tests need no network.
"""

import re
import tomllib
from importlib.metadata import version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, Version, VersionSpec

from helpers.base.project import find_root

CONDA_NAMES = {"jupyter-client": "jupyter_client"}  # canonical name on PyPI -> name on conda-forge, where they differ
OURS_ALONE = {"python", "pip"}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((find_root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((find_root() / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def entries(environment):
    """The conda entries by name, as conda itself reads them."""
    specs = [MatchSpec(entry, strict=True) for entry in environment["dependencies"] if isinstance(entry, str)]
    return {spec.name.normalized: spec for spec in specs}


@pytest.fixture(scope="module")
def requirements(project):
    """pyproject's requirements by their name on conda-forge."""
    found = map(Requirement, project["dependencies"])
    return {CONDA_NAMES.get(canonicalize_name(one.name), canonicalize_name(one.name)): one for one in found}


def normalize(specifiers):
    return {str(specifier) for specifier in SpecifierSet(str(specifiers))}


def test_both_files_name_the_same_packages(entries, requirements):
    assert set(entries) - OURS_ALONE == set(requirements)


def test_both_files_give_the_same_bounds(entries, requirements):
    for name, requirement in requirements.items():
        assert normalize(entries[name].version) == normalize(requirement.specifier), name


def test_python_is_one_that_the_package_takes_and_binder_reads(environment, entries, project):
    named = re.fullmatch(r"python =(\d+\.\d+)", environment["dependencies"][0])
    assert SpecifierSet(project["requires-python"]).contains(named[1])
    assert VersionSpec(str(entries["python"].version)).matches(Version(f"{named[1]}.1"))


def test_the_installed_versions_are_within_the_bounds(entries, requirements):
    for name, requirement in requirements.items():
        assert VersionSpec(str(entries[name].version)).matches(Version(version(requirement.name))), name


def test_the_lowest_lock_has_every_direct_dependency_at_its_lower_bound(project):
    lines = (find_root() / "tests" / "lowest.lock").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line.removesuffix("\\")) for line in lines if "==" in line and not line.startswith(" ")]
    locked = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    for requirement in map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["test"]]):
        lowest = next(one.version for one in requirement.specifier if one.operator == ">=")
        assert f"{locked[canonicalize_name(requirement.name)]}.".startswith(f"{lowest}."), requirement.name


def test_the_package_itself_comes_last_from_the_checkout(environment):
    assert environment["dependencies"][-1] == {"pip": ["-e ."]}
    assert environment["channels"] == ["conda-forge", "nodefaults"]
