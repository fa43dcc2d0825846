"""The project's network in PyTorch, as one would write it there: nn.LSTM, z beside every point, Adam, autocast.

The same sizes, and given the same weights the same function: only the pictures are mirrored, because TensorFlow pads
strided convolutions at the far side and PyTorch at both.
"""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Network(nn.Module):
    def __init__(self, settings: dict, weights: dict):
        super().__init__()
        self.settings = settings
        units, z_size, size = settings["units"], settings["z_size"], settings["size"]
        layers, channels = [], 3
        for i, (filters, stride) in enumerate([(32, 2), (64, 2), (128, 2), (128, 1), (128, 2)]):
            layers += [
                nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False),
                nn.GroupNorm(8, filters, eps=1e-3),
                nn.ReLU(inplace=True),
            ]
            _set(layers[-3].weight, weights[f"conv{i}/kernel"][::-1, ::-1].transpose(3, 2, 0, 1))
            _set(layers[-2].weight, weights[f"norm{i}/gamma"])
            _set(layers[-2].bias, weights[f"norm{i}/beta"])
            channels = filters
        self.body = nn.Sequential(*layers, nn.Flatten())
        side = -(-size // 16)
        self.stats = nn.Linear(channels * side**2, 2 * z_size)
        kernel = weights["stats/kernel"].reshape(side, side, channels, 2 * z_size)[::-1, ::-1]
        _set(self.stats.weight, kernel.transpose(3, 2, 0, 1).reshape(2 * z_size, -1))
        _set(self.stats.bias, weights["stats/bias"])
        self.initial = nn.Linear(z_size, 2 * units)
        _set(self.initial.weight, weights["decoder/initial/kernel"].T)
        _set(self.initial.bias, weights["decoder/initial/bias"])
        self.lstm = nn.LSTM(5 + z_size, units, batch_first=True)  # gates in Keras's order
        _set(self.lstm.weight_ih_l0, weights["decoder/lstm/lstm_cell/kernel"].T)
        _set(self.lstm.weight_hh_l0, weights["decoder/lstm/lstm_cell/recurrent_kernel"].T)
        _set(self.lstm.bias_ih_l0, weights["decoder/lstm/lstm_cell/bias"])
        nn.init.zeros_(self.lstm.bias_hh_l0)
        self.head = nn.Linear(units, 6 * settings["components"] + 3)
        _set(self.head.weight, weights["decoder/head/kernel"].T)
        _set(self.head.bias, weights["decoder/head/bias"])
        axis = torch.linspace(1, -1, size)
        self.register_buffer("grid", torch.stack(torch.meshgrid(axis, axis, indexing="xy"))[None])

    def forward(self, batch: dict):
        ink = batch["seen"].flip(1, 2)[:, None].float() / 255
        seen = torch.cat([ink, self.grid.expand(len(ink), -1, -1, -1)], dim=1)
        mean, log_variance = self.stats(self.body(seen)).float().chunk(2, dim=-1)
        log_variance = log_variance.clamp(-10, 10)
        z = mean + torch.exp(0.5 * log_variance) * batch["noise"]
        target = batch["target"]
        start = functional.one_hot(torch.tensor(2), 5).to(target).expand(len(z), 1, 5)
        points = torch.cat([start, target[:, :-1]], dim=1)
        tiled = z[:, None].expand(-1, points.shape[1], -1)
        state = tuple(part[None].contiguous() for part in torch.tanh(self.initial(z)).chunk(2, dim=-1))
        hidden, _ = self.lstm(torch.cat([points, tiled], dim=-1), state)
        return self.head(hidden).float(), mean, log_variance

    def loss(self, batch: dict, parameters, mean, log_variance):
        target = batch["target"]
        log_pi, mu_x, mu_y, sigma_x, sigma_y, rho = parameters[..., :-3].chunk(6, dim=-1)
        log_pi, rho = functional.log_softmax(log_pi, dim=-1), 0.95 * torch.tanh(rho)
        sigma_x, sigma_y = (0.01 + torch.exp(sigma.clamp(max=5)) for sigma in (sigma_x, sigma_y))
        dx, dy = (target[..., :1] - mu_x) / sigma_x, (target[..., 1:2] - mu_y) / sigma_y
        free = 1 - rho**2
        distance = (dx**2 + dy**2 - 2 * rho * dx * dy) / free
        log_normal = -0.5 * distance - math.log(2 * math.pi) - torch.log(sigma_x * sigma_y) - 0.5 * torch.log(free)
        offsets = -torch.logsumexp(log_pi + log_normal, dim=-1)
        pen = -(target[..., 2:] * functional.log_softmax(parameters[..., -3:], dim=-1)).sum(dim=-1)
        real = 1 - target[..., 4]
        real_and_end = functional.pad(real[:, :-1], (1, 0), value=1.0)
        reconstruction = (offsets * real + pen * real_and_end).sum(dim=-1)
        kl = 0.5 * (mean**2 + torch.exp(log_variance) - 1 - log_variance).sum(dim=-1)
        total = reconstruction + batch["kl_weight"] * torch.maximum(kl, batch["free_bits"])
        return total.mean() / self.settings["mean_points"]


def _set(parameter: nn.Parameter, values: np.ndarray) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def make(folder: Path, dtype: str, threads: int) -> SimpleNamespace:
    torch.set_num_threads(threads)
    settings = json.loads((folder / "settings.json").read_text())
    with np.load(folder / "weights.npz") as weights:
        # named as in Keras, "sketch_vae/encoder/conv0/kernel"
        network = Network(settings, {_short(name): weights[name] for name in weights})
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, eps=1e-7)
    low = dtype != "float32"

    def step(batch: dict) -> float:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            answer = network(batch)
        loss = network.loss(batch, *answer)
        loss.backward()
        for parameter in network.parameters():
            nn.utils.clip_grad_norm_(parameter, 1.0)
        optimizer.step()
        return loss.item()

    matrices = {}

    def product(n: int) -> None:
        if n not in matrices:
            matrices[n] = torch.randn(2, n, n).to(torch.bfloat16 if low else torch.float32)
        torch.matmul(*matrices[n])

    return SimpleNamespace(
        version=f"PyTorch {torch.__version__}",
        prepare=lambda batch: {name: torch.from_numpy(values) for name, values in batch.items()},
        step=step,
        product=product,
    )


def _short(name: str) -> str:
    return name.removeprefix("sketch_vae/").removeprefix("encoder/")
