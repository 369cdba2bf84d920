"""The markers of lessons: what is reported, and what fails the run."""

from __future__ import annotations

import pytest

from .conftest import Run

LESSON = """
    import pytest

    @pytest.mark.hazard("one", match="too few", why="because of this")
    def test_hazard():
        print("said by the hazard")
        assert False, "too few"

    @pytest.mark.fix("one")
    def test_its_fix(): pass

    @pytest.mark.hazard("two", raises=(KeyError, OSError), under=["spawn", "forkserver"])
    def test_under_two(start_method):
        if start_method != "fork":
            raise OSError

    @pytest.mark.fix("two")
    def test_other_fix(start_method): pass

    @pytest.mark.fact("three")
    def test_fact(): pass
"""


def test_a_hazard_that_shows_has_passed(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(LESSON)
    result = run("-v")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(
        [
            "*::test_hazard hazard shown*",
            "*::test_its_fix PASSED*",
            "*::test_under_two[[]fork] PASSED*",
            "*::test_under_two[[]spawn] hazard shown*",
            "*::test_fact PASSED*",
            "*= hazards =*",
            "hazard  fork    spawn  forkserver  any    fix",
            "one                                shown  fixed",
            "two     passes  shown  shown              fixed",
        ]
    )


def test_letters(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(LESSON)
    run().stdout.fnmatch_lines(["test_letters.py h..hh....*"])


def test_one_line_with_quiet(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(LESSON)
    result = run("-q")
    result.stdout.fnmatch_lines(["2 hazards, shown in 3 of 4 places*"])
    result.stdout.no_fnmatch_line("*= hazards =*")


def test_through_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LESSON)
    result = pytester.runpytest_subprocess("-p", "pytest_concurrency", "-n2", "-v")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(
        ["*hazard shown*test_hazard*", "two     passes  shown  shown              fixed"]
    )


def test_the_reason_is_in_junit_and_in_the_report_of_all(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(LESSON)
    result = run("-rA", "--junitxml=report.xml", "-k", "test_hazard")
    result.stdout.fnmatch_lines(
        [
            "*hazard one shown*",
            "why: because of this",
            "fix: *.py::test_its_fix",
            "hazard shown *test_hazard",
        ]
    )
    junit = (pytester.path / "report.xml").read_text()
    assert '<property name="hazard" value="one"' in junit
    assert '<property name="why" value="because of this"' in junit
    assert 'failures="0"' in junit


def test_failing_for_real_ends_with_the_reason_and_the_fix(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(LESSON)
    result = run("--hazards=fail", "-k", "test_hazard or test_its_fix")
    result.assert_outcomes(passed=1, failed=1)
    output = result.stdout.str()
    assert output.index("said by the hazard\n") < output.index("why: because of this\n")
    result.stdout.fnmatch_lines(
        ["E * AssertionError: too few", "*hazard one shown*", "why: because of this"]
    )
    result.stdout.fnmatch_lines(["fix: *.py::test_its_fix", "*= hazards =*"], consecutive=True)


def test_one_hazard_alone_still_has_its_fix(pytester: pytest.Pytester, run: Run) -> None:
    path = pytester.makepyfile(LESSON)
    run(f"{path}::test_hazard").assert_outcomes(passed=1)
    run("-k", "test_hazard", "-x").assert_outcomes(passed=1, deselected=8)


@pytest.mark.parametrize("mode", ["expect", "fail"])
def test_one_that_does_not_show_fails(pytester: pytest.Pytester, run: Run, mode: str) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hazard("one", why="once it did")
        def test_hazard(): pass

        @pytest.mark.fix("one")
        def test_fix(): pass
        """
    )
    result = run(f"--hazards={mode}")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["E*hazard 'one' did not show: the test passed", "E*it must fail with AssertionError"]
    )
    result.stdout.fnmatch_lines(["hazard  any     fix", "one     FAILED  fixed"])


def test_another_reason_fails(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hazard("one", raises=KeyError)
        def test_another_exception(): raise ValueError("oops")

        @pytest.mark.hazard("two", match="a text")
        def test_another_text(): assert False, "another text"

        @pytest.mark.fix("one")
        def test_fix(): pass

        @pytest.mark.fix("two")
        def test_fix_of_two(): pass
        """
    )
    result = run()
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *ValueError: oops",
            "E*hazard 'one' failed for another reason than stated",
            "E*it must fail with KeyError",
            "E*it failed with     ValueError: oops",
        ]
    )


def test_a_text_that_does_not_match_is_shown_in_full(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hazard("one", match="lost")
        def test_hazard(): raise AssertionError("first line\\nsecond line")

        @pytest.mark.fix("one")
        def test_fix(): pass
        """
    )
    result = run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*it must fail with AssertionError matching 'lost'",
            "E*it failed with     AssertionError, but nothing in its text matches:",
            "E*first line",
            "E*second line",
        ]
    )


def test_where_it_must_pass_a_failure_is_a_failure(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hazard("one", under="spawn")
        def test_hazard(start_method): assert start_method == "nothing"

        @pytest.mark.fix("one")
        def test_fix(): pass
        """
    )
    run("--start-method=fork,spawn").assert_outcomes(passed=2, failed=1)


def test_without_a_fix(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hazard("one")
        def test_hazard(): assert False

        def test_other(): pass
        """
    )
    result = run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["hazard 'one' has no fix", 'next: mark the test * with @pytest.mark.fix("one"), *']
    )


def test_a_skip_is_a_skip(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hazard("one", raises=BaseException)
        def test_hazard(): pytest.skip("not today")

        @pytest.mark.fix("one")
        def test_fix(): pass
        """
    )
    result = run()
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["one     skipped  fixed"])


def test_a_timeout_may_be_what_a_hazard_shows(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import threading
        import pytest

        @pytest.mark.timeout(0.3)
        @pytest.mark.hazard("hang", raises=pytest.fail.Exception, match="Timeout")
        def test_hazard(): threading.Event().wait(20)

        @pytest.mark.fix("hang")
        def test_fix(): pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytest_concurrency")
    result.assert_outcomes(passed=2)


def test_the_debugger_is_for_real_failures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LESSON)
    result = pytester.runpytest_subprocess("-p", "pytest_concurrency", "--pdb")
    result.assert_outcomes(passed=9)
    result.stdout.no_fnmatch_line("*(Pdb)*")


def test_last_failed_knows_no_hazard_that_showed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LESSON)
    for mode, rerun in (("fail", 3), ("expect", 9)):
        pytester.runpytest_inprocess("-p", "pytest_concurrency", f"--hazards={mode}")
        result = pytester.runpytest_inprocess("-p", "pytest_concurrency", "--lf")
        assert result.parseoutcomes()["passed"] == rerun
