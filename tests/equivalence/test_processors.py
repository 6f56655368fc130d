"""The processor: kernels of OpenBLAS move no bit, vector widths of numpy no more than the last bits of floats."""

import importlib.util
import platform
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "kernels.py"
X86 = platform.machine().lower() in ("x86_64", "amd64")
pytestmark = pytest.mark.skipif(not X86, reason="kernels are chosen by name on x86 alone")


@pytest.fixture(scope="module")
def kernels():
    spec = importlib.util.spec_from_file_location("kernels", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def plain(kernels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    kernels.told(folder, ["two-party:talk"], 2, {})
    return folder


@pytest.mark.parametrize("kind", ["Haswell", "Prescott"])
def test_kernels_of_openblas_move_no_bit(kernels, plain, tmp_path, kind):
    kernels.told(tmp_path, ["two-party:talk"], 2, {"OPENBLAS_CORETYPE": kind})
    assert list(kernels.differences(plain, tmp_path)) == []


def test_vector_widths_move_the_last_bits_of_floats_and_nothing_else(kernels, plain, tmp_path):
    narrow = kernels.settings().get("numpy at its baseline")
    if narrow is None:
        pytest.skip("numpy has nothing wider than its baseline here")
    kernels.told(tmp_path, ["two-party:talk"], 2, narrow)
    found = list(kernels.differences(plain, tmp_path))
    assert all(apart < 1e-9 for _, _, _, apart in found), [one for one in found if one[3] >= 1e-9]
    assert {name for stem, name, _, _ in found if stem == "functions"} <= {"exp", "exp2", "log", "log1p", "power"}


def test_the_layout_takes_no_product_of_matrices(monkeypatch):
    """Those of numpy give other bits with other kernels: the shipped war's cuts of control moved by up to 25 ulp."""
    from settlesim.model.layout import layout
    from support import shipped

    def refused(*_, **__):
        raise AssertionError("a product of matrices")

    for name in ("dot", "matmul", "vdot", "inner", "tensordot", "einsum"):
        monkeypatch.setattr(np, name, refused)
    war = shipped("afghanistan-2018")
    assert layout(war, war.sequence("us_first")).size("province") == 34
