"""Every scenario of the JDM pack under pytest-bdd, which reads the features in its own way: they hold there too."""

import pytest
from pytest_bdd import given, parsers, scenarios, then, when

import cds_engine
from cds_engine.bdd.run import Runner

scenarios("../features/jdm_calcinosis")

ANYTHING = parsers.re("(?P<text>.+)")


@pytest.fixture(scope="session")
def runner():
    return Runner(cds_engine.load("jdm_calcinosis"))


@pytest.fixture
def scene(runner):
    return runner.scene()


@given(ANYTHING)
def _given(runner, scene, text):
    runner.say(scene, "given", text)


@when(ANYTHING)
def _when(runner, scene, text):
    runner.say(scene, "when", text)


@then(ANYTHING)
def _then(runner, scene, text):
    runner.say(scene, "then", text)
