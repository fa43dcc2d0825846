"""Training's memory."""

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource
import numpy as np
from helpers.train.loop import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(4_000_000)  # 32 MB, taken and freed
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = faults()
keep_memory()
faults()
print(given_back, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="NEEDS GLIBC, whose malloc this is about")
def test_memory_that_training_frees_is_not_cleared_anew():
    run = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    given_back, kept = map(int, run.stdout.split())
    assert given_back > 100  # or there was nothing to gain
    assert kept < given_back / 10, (given_back, kept)
