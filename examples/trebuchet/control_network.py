"""The control network with NumPy and the published package: it stands in for `trebuchet control-network`.

    pip install swergio==0.0.2 numpy
    python control_network.py --seed 0 --batches 2000
"""

import argparse
import os
import uuid

import numpy as np
from swergio import MESSAGE_TYPE, Client, Trigger

LAYERS = [2, 16, 64, 16, 2]
TRAIN = 1


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Network:
    """The layers, and Adam with a rate that rises for a twentieth of the time and then falls."""

    def __init__(self, seed, batches, rate=0.02):
        dice = np.random.default_rng(seed)
        self.weights = []
        for number, (ins, outs) in enumerate(zip(LAYERS, LAYERS[1:])):
            last = number == len(LAYERS) - 2
            reach = (0.3 if last else 4.0) * np.sqrt(6 / (ins + outs))
            weight = dice.uniform(-reach, reach, (ins, outs))
            bias = dice.uniform(-reach, reach, outs) if number == 0 else -0.5 * weight.sum(axis=0)
            if last:
                bias[0] += 0.7  # begins at 60 degrees
            self.weights += [weight, bias]
        self.rate, self.batches, self.steps = rate, batches, 0
        self.mean = [np.zeros_like(weight) for weight in self.weights]
        self.square = [np.zeros_like(weight) for weight in self.weights]

    def forward(self, told):
        """From [batch, 2], wind and target, to [batch, 3], wind, angle and weight, and what backward needs."""
        values = [(told - [0.0, 60.0]) / [5.0, 23.0]]
        for number in range(0, len(self.weights), 2):
            value = values[-1] @ self.weights[number] + self.weights[number + 1]
            values.append(value if number == len(self.weights) - 2 else sigmoid(value))
        angle, weight = 90 * sigmoid(values[-1][:, 0]), 200 + 100 * values[-1][:, 1]
        return np.stack([told[:, 0], angle, weight], axis=1), (values, angle / 90)

    def backward(self, saved, by_aim):
        """Learns, and returns the gradient by wind and target."""
        values, part = saved
        gradient = np.stack([by_aim[:, 1] * 90 * part * (1 - part), by_aim[:, 2] * 100], axis=1)
        gradients = []
        for number in range(len(self.weights) - 2, -1, -2):
            gradients = [values[number // 2].T @ gradient, gradient.sum(axis=0)] + gradients
            gradient = gradient @ self.weights[number].T
            if number > 0:
                gradient = gradient * values[number // 2] * (1 - values[number // 2])
        by_told = gradient / [5.0, 23.0]
        by_told[:, 0] += by_aim[:, 0]
        self.step(gradients)
        return by_told

    def step(self, gradients):
        rise = self.batches // 20
        if self.steps < rise:
            rate = self.rate * (self.steps + 1) / rise
        else:
            way = min((self.steps - rise) / (self.batches - rise), 1)
            rate = self.rate * (1e-3 + (1 - 1e-3) * (1 + np.cos(np.pi * way)) / 2)
        self.steps += 1
        for weight, gradient, mean, square in zip(self.weights, gradients, self.mean, self.square):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            mean_now, square_now = mean / (1 - 0.9**self.steps), square / (1 - 0.999**self.steps)
            weight -= rate * mean_now / (np.sqrt(square_now) + 1e-8)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--batches", type=int, default=2000)
    args.add_argument("--out", help="is for the parts that save something")
    args = args.parse_args()
    network, tape = Network(args.seed, args.batches), {}

    def forward(message):
        aims, saved = network.forward(np.array(message["DATA"], dtype=float))
        answer = {"ID": uuid.uuid4().hex, "DATA": aims.tolist()}
        if message.get("MODEL_STATUS", TRAIN) == TRAIN:
            tape[answer["ID"]] = (message["ID"], saved)
            while len(tape) > 100:  # passes whose gradients never came
                del tape[next(iter(tape))]
        return answer

    def backward(message):
        if message["ID"] not in tape:
            return None
        came, saved = tape.pop(message["ID"])
        by_told = network.backward(saved, np.array(message["DATA"], dtype=float))
        return {"ID": came, "DATA": by_told.tolist()}

    client = Client(
        os.environ.get("SWERGIO_NAME", "control-network"),
        os.environ.get("SWERGIO_HOST", "127.0.0.1"),
        int(os.environ.get("SWERGIO_PORT", "8080")),
    )
    kinds = MESSAGE_TYPE.DATA
    client.add_eventHandler(forward, kinds.FORWARD, "model", trigger=Trigger(kinds.FORWARD, "input"))
    client.add_eventHandler(backward, kinds.GRADIENT, "input", trigger=Trigger(kinds.GRADIENT, "model"))
    print("control-network | takes from input, gives to model, in Python", flush=True)
    client.listen()


main()
