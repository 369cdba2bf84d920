"""Under which start methods a test runs, and who decides it."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from .conftest import Run

TEST = """
    import pytest
    {marker}
    def test_it(start_method, mp_context):
        assert mp_context.get_start_method() == start_method
        assert type(mp_context).__name__.lower() == start_method + "context"
"""


def ids(result: pytest.RunResult) -> list[str]:
    lines = [line for line in result.stdout.lines if "test_it[" in line]
    return [line.partition("[")[2].partition("]")[0] for line in lines]


def test_all_three_by_default(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(TEST.format(marker=""))
    result = run("-v")
    assert ids(result) == ["fork", "spawn", "forkserver"]
    result.assert_outcomes(passed=3)


PLACES = {
    "marker": "fork",
    "command line": "spawn",
    "environment": "forkserver",
    "ini": "fork",
}


@pytest.mark.parametrize("strongest", PLACES)
def test_precedence(
    pytester: pytest.Pytester, run: Run, strongest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marker, command line, environment, ini: each wins over those after it."""
    places = list(PLACES)[list(PLACES).index(strongest) :]
    marker = f'@pytest.mark.start_method("{PLACES["marker"]}")' if "marker" in places else ""
    pytester.makepyfile(TEST.format(marker=marker))
    if "environment" in places:
        monkeypatch.setenv("PYTEST_CONCURRENCY_START_METHOD", PLACES["environment"])
    pytester.makeini(f"[pytest]\nstart_method = {PLACES['ini']}")
    options = [f"--start-method={PLACES['command line']}"] if "command line" in places else []
    assert ids(run("-v", *options)) == [PLACES[strongest]]


@pytest.mark.parametrize("written", ["spawn,fork", "spawn fork", "fork, spawn,fork"])
def test_several_are_run_in_one_order(pytester: pytest.Pytester, run: Run, written: str) -> None:
    pytester.makepyfile(TEST.format(marker=""))
    result = run("-v", f"--start-method={written}")
    assert ids(result) == ["fork", "spawn"]
    result.stdout.fnmatch_lines(["concurrency: start_method=fork,spawn (--start-method)*"])


def test_the_fixture_may_be_redefined(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest(
        """
        import pytest
        @pytest.fixture(params=["spawn"])
        def start_method(request):
            return request.param
        """
    )
    pytester.makepyfile(TEST.format(marker=""))
    assert ids(run("-v", "--start-method=fork")) == ["spawn"]


def test_a_parametrize_marker_of_the_test_wins(pytester: pytest.Pytester, run: Run) -> None:
    marker = '@pytest.mark.parametrize("start_method", ["spawn"])'
    pytester.makepyfile(TEST.format(marker=marker))
    assert ids(run("-v", "--start-method=fork")) == ["spawn"]


def test_markers_of_modules_and_classes(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.start_method("fork")

        def test_it(start_method): pass

        @pytest.mark.start_method("spawn")
        class TestClass:
            def test_it(self, start_method): pass

            @pytest.mark.start_method("forkserver")
            def test_it_too(self, start_method): pass

        def test_without(): pass
        """
    )
    result = run("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["*test_it[[]fork]*", "*::test_it[[]spawn]*", "*test_it_too[[]forkserver]*"]
    )


def test_one_that_the_platform_lacks_is_skipped(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    pytester.makepyfile(TEST.format(marker=""))
    result = run("-v", "-rs")
    assert ids(result)[:3] == ["fork", "spawn", "forkserver"], "ids are the same everywhere"
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["*start method 'fork' does not exist on this platform"])


def test_the_start_method_of_the_interpreter_is_left_alone(pytester: pytest.Pytester) -> None:
    """Python itself settles the default when it spawns a child; ours puts that back."""
    pytester.makepyfile(
        """
        import multiprocessing

        def test_it(mp_context):
            child = mp_context.Process(target=print)
            child.start()
            child.join()
            assert child.exitcode == 0

        def test_is_not_settled():
            assert multiprocessing.get_start_method(allow_none=True) is None
            multiprocessing.set_start_method("spawn")
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytest_concurrency", "-W", "error")
    result.assert_outcomes(passed=4)


def double(number: int) -> int:
    return 2 * number


def put(queue: Any, number: int) -> None:
    queue.put(number)


def test_everything_of_the_context_works(mp_context: Any) -> None:
    from concurrent.futures import ProcessPoolExecutor

    with mp_context.Pool(2) as pool:
        assert pool.map(double, [1, 2]) == [2, 4]
        pool.close()
        pool.join()
    queue = mp_context.Queue()
    child = mp_context.Process(target=put, args=(queue, 3))
    child.start()
    assert queue.get(timeout=30) == 3
    child.join()
    with mp_context.Manager() as manager:
        assert list(manager.list([1])) == [1]
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        assert executor.submit(double, 4).result(30) == 8
