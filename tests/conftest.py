"""What all tests share: how many examples Hypothesis tries, and the packs, loaded once."""

from __future__ import annotations

import functools
import os
import re

import pytest
from hypothesis import HealthCheck, settings
from scenario_patients import CASES, FIXTURES, fixture, patient_of_case
from xdist.scheduler import LoadScopeScheduling

import cds_engine
from cds_engine.bdd.run import run_features

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def jdm():
    """Return the pack on JDM with calcinosis, checked by both engines where both can run."""
    return cds_engine.load("jdm_calcinosis")


@pytest.fixture(scope="session")
def answer_to(jdm):
    """Answer a case of the pack by its id, or a fixture by its name; each once a session."""
    patients = {case["id"]: patient_of_case(case) for case in CASES}
    patients |= {path.stem: fixture(path) for path in FIXTURES}
    return functools.cache(lambda name: jdm.evaluate(patients[name]))


@pytest.fixture(scope="session")
def jdm_outcomes(jdm):
    """Return what became of every scenario of the JDM pack; they run once a session."""
    return run_features(jdm)


def pytest_bdd_apply_tag(tag, function):
    """Keep the tags of scenarios as what they are, names of statements, and not as marks of pytest."""
    del tag, function
    return True


class ChunksTogether(LoadScopeScheduling):
    """Gives all tests on one chunk of generated patients to one process, which answers for them once."""

    def _split_scope(self, nodeid):
        chunk = re.search(r"\[(chunk\d+)", nodeid)
        return chunk[1] if chunk else nodeid


def pytest_xdist_make_scheduler(config, log):
    """Take the place of `--dist loadgroup`, which does not group with the versions we pin."""
    return ChunksTogether(config, log)
