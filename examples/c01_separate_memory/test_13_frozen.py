"""A program that is frozen into one executable can use every start method, if its freezer knows how.

One tutorial quotes a warning: "frozen" executables, as PyInstaller and cx_Freeze make them, cannot
use spawn and forkserver on POSIX systems. Measured with PyInstaller 6.22.3 and Python 3.13.0 on
Linux, a program with a queue and a process worked under all three methods, with `freeze_support()`
and without. So ask the freezer's current release, not a tutorial.

The reason for the warning is in what a spawned child is: a new interpreter, started with the words
`-c "from multiprocessing.spawn import spawn_main; ..."`. A frozen program has no interpreter beside
it that would understand `-c`; `sys.executable` is the program. When `sys.frozen` is set, which is
the freezer's doing, `multiprocessing` starts the program itself again, with `--multiprocessing-fork`
as the first word, and somebody has to look for that word before the program goes about its work:
`multiprocessing.spawn.freeze_support()`. Up to Python 3.13 `multiprocessing.freeze_support()` calls
it on Windows only; PyInstaller replaces it, and calls it by itself.

The programs below are not frozen; they do what the bootstrap of a frozen one does.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_13_frozen.py --hazards=fail
"""
