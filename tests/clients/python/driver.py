"""Runs named cases of a Python client on order: the same protocol as every driver under tests/clients.

`SCRIPT --list` prints the names. `SCRIPT BOOTSTRAP THREADS` reads names from standard input, one a line, and prints one
line of JSON per case: {"case", "ok", "ms", "detail"}. Standard output carries nothing else.
"""
import itertools
import json
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

CASES = {}
PATIENCE_S = 30
_numbers = itertools.count()
_run = format(int(time.time() * 1000), 'x')


def case(function):
    """Registers a function `some_name(env)` as the case `some-name`."""
    CASES[function.__name__.replace('_', '-')] = function
    return function


class Env:
    """What a case works with: the address, and names that no other case uses."""

    def __init__(self, bootstrap, name):
        self.bootstrap = bootstrap
        self.name = name

    def fresh(self, what):
        return f'{what}-{self.name}-{_run}-{next(_numbers)}'


def check(held, what):
    if not held:
        raise AssertionError(what)


def equal(expected, actual, what):
    check(expected == actual, f'{what}: expected {expected!r}, got {actual!r}')


def until(what, ready):
    """Calls `ready` until it is true; for states that follow an answer rather than come with it."""
    end = time.monotonic() + PATIENCE_S
    while not ready():
        check(time.monotonic() < end, f'never: {what}')
        time.sleep(0.02)


def fails(kind, body):
    """Runs `body`, which must raise `kind`; returns what it raised."""
    try:
        body()
    except kind as error:
        return error
    raise AssertionError(f'nothing raised, expected {kind}')


def main(cases=None, make_env=Env):
    cases = CASES if cases is None else cases
    if sys.argv[1:] == ['--list']:
        print('\n'.join(cases))
        return
    bootstrap, threads = sys.argv[1], int(sys.argv[2])
    results, sys.stdout = sys.stdout, sys.stderr
    lock = threading.Lock()

    def run(name):
        started = time.monotonic()
        detail = ''
        try:
            cases[name](make_env(bootstrap, name))
        except BaseException:  # a client may raise anything; a case's outcome is a line, never a dead driver
            detail = traceback.format_exc()
        ms = int((time.monotonic() - started) * 1000)
        with lock:
            print(json.dumps({'case': name, 'ok': not detail, 'ms': ms, 'detail': detail}), file=results, flush=True)

    with ThreadPoolExecutor(threads) as pool:
        for line in sys.stdin:
            pool.submit(run, line.strip())
