"""What pytest collects: one test for each scenario of the plan, made by pytest-bdd.

The module has no test of its own. The plugin puts the plan in place before pytest imports it.
"""

from __future__ import annotations

from conformance.suite.collection import tests_of_plan

globals().update(tests_of_plan())
