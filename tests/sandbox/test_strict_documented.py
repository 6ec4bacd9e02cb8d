"""The strict layer's own documentation: complete, and each fact with the place where AWS says so."""

import re

import pytest

from remediate.sandbox import strict

MODULES = {module.__name__.rpartition(".")[2]: module for modules in strict.FACTS.values() for module in modules}


def test_the_overview_names_every_module_and_no_other() -> None:
    assert set(re.findall(r"`(\w+)`", str(strict.__doc__))) - {"settings"} == set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_each_fact_has_its_source(name: str) -> None:
    text = str(MODULES[name].__doc__)
    assert re.search(r"https://(docs\.aws\.amazon\.com|repost\.aws|github\.com/hashicorp)/", text)
    assert "oto" in text, "what moto does instead"
