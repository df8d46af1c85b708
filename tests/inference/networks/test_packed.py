from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from inference.networks.packed import PackedLinear, can_pack
from tests.vectors import agreement

ACTIVATIONS = {"none": lambda x: x, "gelu": F.gelu, "tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}


def parts(*, inputs: int = 24, outputs: int = 40):
    torch.manual_seed(1)
    return torch.randn(7, 5, inputs), torch.randn(outputs, inputs) / inputs**0.5, torch.randn(outputs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("with_bias", [True, False])
def test_it_is_a_linear_and_its_activation(activation, with_bias):
    x, weight, bias = parts()
    bias = bias if with_bias else None
    layer = PackedLinear(weight, bias, activation=activation)
    with torch.inference_mode():
        found = layer(x)
    assert agreement(found, ACTIVATIONS[activation](F.linear(x, weight, bias))) > 110


def test_the_residual_is_added():
    x, weight, bias = parts()
    residual = torch.randn(7, 5, 40)
    with torch.inference_mode():
        found = PackedLinear(weight, bias)(x, residual)
    assert agreement(found, residual + F.linear(x, weight, bias)) > 110


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_types_answer_in_their_type_and_sum_in_the_residuals(dtype):
    x, weight, bias = parts()
    layer = PackedLinear(weight, bias, dtype=dtype)
    with torch.inference_mode():
        assert layer(x).dtype == dtype
        found = layer(x, torch.ones(7, 5, 40))
    assert found.dtype == torch.float32
    assert agreement(found, 1 + F.linear(x, weight, bias)) > 40


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_plain_weight_is_let_go_and_comes_back_to_be_moved(dtype):
    x, weight, bias = parts()
    layer = PackedLinear(weight, bias, dtype=dtype)
    with torch.inference_mode():
        before = layer(x)
        assert (layer.weight is None) == can_pack(dtype)
        layer.to(torch.device("cpu"))
        assert torch.equal(layer.weight, weight.to(dtype))
        assert torch.equal(layer(x), before)


def test_it_can_be_moved_before_it_has_run():
    _, weight, bias = parts()
    layer = PackedLinear(weight, bias).to("meta")
    assert layer(torch.empty(3, 24, device="meta")).shape == (3, 40)


def test_without_packing_the_answer_is_the_same(monkeypatch):
    x, weight, bias = parts()
    with torch.inference_mode():
        packed = PackedLinear(weight, bias, activation="gelu")(x)
        monkeypatch.setattr("inference.networks.packed.can_pack", lambda dtype: False)
        plain = PackedLinear(weight, bias, activation="gelu")(x)
    assert agreement(packed, plain) > 110


def test_rows_do_not_depend_on_how_many_there_are():
    x, weight, bias = parts()
    layer = PackedLinear(weight, bias, activation="gelu")
    with torch.inference_mode():
        assert agreement(layer(x[:1]), layer(x)[:1]) > 110
