"""Wrong input gets one clear error, which stops only what it must."""

from __future__ import annotations

import pytest

from .conftest import Run

AVAILABLE = "available: fork, spawn, forkserver"


class TestOptions:
    """A bad option stops the run with exit code 4, before any test."""

    @pytest.fixture(autouse=True)
    def _a_test(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile("def test_it(): pass")

    def expect(self, result: pytest.RunResult, message: str) -> None:
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: {message}"])
        result.stdout.no_fnmatch_line("*passed*")

    def test_command_line(self, run: Run) -> None:
        message = f"unknown start method 'frok' from --start-method; {AVAILABLE}"
        self.expect(run("--start-method=fork,frok"), message)

    def test_environment(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTEST_CONCURRENCY_START_METHOD", "frok")
        message = f"unknown start method 'frok' from PYTEST_CONCURRENCY_START_METHOD; {AVAILABLE}"
        self.expect(run(), message)

    def test_ini(self, pytester: pytest.Pytester, run: Run) -> None:
        path = pytester.makeini("[pytest]\nstart_method = frok")
        message = f"unknown start method 'frok' from start_method in {path}; {AVAILABLE}"
        self.expect(run(), message)

    def test_none_at_all(self, run: Run) -> None:
        self.expect(run("--start-method=,"), f"no start method in --start-method; {AVAILABLE}")

    def test_hazards(self, run: Run) -> None:
        message = "unknown hazards mode 'maybe' from --hazards; available: expect, fail"
        self.expect(run("--hazards=maybe"), message)

    def test_leaks(self, run: Run) -> None:
        message = "unknown leaks policy 'on' from --leaks; available: error, warn, off"
        self.expect(run("--leaks=on"), message)

    def test_one_line_only_also_with_xdist(self, pytester: pytest.Pytester) -> None:
        result = pytester.runpytest_subprocess(
            "-p", "pytest_concurrency", "-n2", "--start-method=frok"
        )
        self.expect(result, f"unknown start method 'frok' from --start-method; {AVAILABLE}")


FIX = """
        @pytest.mark.fix("it")
        def test_fix(): pass
"""

# what is written above the test, and what is said of it
MARKERS = {
    "start_method()": f"no start method in @pytest.mark.start_method; {AVAILABLE}",
    'start_method("frok")': "unknown start method 'frok' from @pytest.mark.start_method; "
    + AVAILABLE,
    "start_method(3)": f"unknown start method 3 from @pytest.mark.start_method; {AVAILABLE}",
    'start_method(["fork"])': "unknown start method ['fork'] from @pytest.mark.start_method; "
    + AVAILABLE,
    'start_method(name="fork")': "@pytest.mark.start_method takes no keyword argument, *",
    "hazard()": "@pytest.mark.hazard needs one id, and has none",
    "hazard(3)": "@pytest.mark.hazard needs one id, and has (3,)",
    'hazard(" ")': "@pytest.mark.hazard needs one id, and has (' ',)",
    'hazard("it", "that")': "@pytest.mark.hazard needs one id, and has ('it', 'that')",
    'hazard("it", raises=3)': "hazard 'it' has raises=3, which is no exception type",
    'hazard("it", raises="Key")': "hazard 'it' has raises='Key', which is no exception type",
    'hazard("it", raises=int)': "hazard 'it' has raises=<class 'int'>, which is no exception type",
    'hazard("it", raises=())': "hazard 'it' has raises=(), and so could never show",
    'hazard("it", match="(")': "hazard 'it' has match='(': *",
    'hazard("it", match=3)': "hazard 'it' has match=3: *",
    'hazard("it", why=3)': "hazard 'it' has why=3; it takes a sentence",
    'hazard("it", reason="x")': "hazard 'it' has an unknown argument reason; "
    "it takes raises, match, under and why",
    'hazard("it", under="frok")': f"unknown start method 'frok' from under= of 'it'; {AVAILABLE}",
    'hazard("it", under=3)': f"unknown start method 3 from under= of 'it'; {AVAILABLE}",
    'hazard("it", under=())': f"no start method in under= of 'it'; {AVAILABLE}",
    "fix()": "@pytest.mark.fix needs one id, and has none",
    'fix("it", why="x")': "@pytest.mark.fix takes an id and nothing else",
    "fact(None)": "@pytest.mark.fact needs one id, and has (None,)",
}


@pytest.mark.parametrize("marker", MARKERS)
def test_a_bad_marker_fails_that_test(pytester: pytest.Pytester, run: Run, marker: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.{marker}
        @pytest.mark.parametrize("start_method", ["fork"])
        def test_it(start_method): pass

        def test_other(): pass
        {FIX}
        """
        if "under" in marker
        else f"""
        import pytest

        @pytest.mark.{marker}
        def test_it(): pass

        def test_other(): pass
        {FIX}
        """
    )
    result = run()
    result.assert_outcomes(passed=2, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([literally(MARKERS[marker])])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*plugin.py*")


def literally(text: str) -> str:
    """A pattern in which only a star at the end is one."""
    return text.replace("[", "[[]")


def test_a_bad_start_method_marker_fails_each_of_its_items(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.start_method("frok")
        def test_it(start_method): pass

        def test_other(start_method): pass
        """
    )
    run().assert_outcomes(passed=3, errors=3)


def test_under_without_a_start_method(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.hazard("it", under="spawn")
        def test_it(): assert False
        {FIX}
        """
    )
    result = run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["hazard 'it' has under='spawn', but the test does not use the fixture start_method *"]
    )


def test_an_id_that_is_there_twice(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.hazard("it")
        def test_one(start_method): assert False

        @pytest.mark.hazard("it")
        def test_two(): assert False

        @pytest.mark.hazard("it")
        @pytest.mark.hazard("that")
        def test_three(): assert False

        @pytest.mark.hazard("it")
        @pytest.mark.fix("it")
        def test_four(): assert False
        {FIX}
        """
    )
    result = run()
    result.assert_outcomes(passed=4, errors=3)
    name = "test_an_id_that_is_there_twice.py"
    result.stdout.fnmatch_lines(
        [
            f"hazard 'it' is there twice: {name}::test_one and {name}::test_two",
            "test_three has 2 hazard markers; a test has one",
            "test_four is marked as hazard and fix; a test is one of them",
        ]
    )
