"""The other side of `roundtrip.rs`: UM-Bridge's own Python server and client, which send an array there and back unchanged.

roundtrip.py server PORT
roundtrip.py client PORT COUNT ROUNDS WARMUP SHMEM    prints the seconds that each Evaluate and Gradient together took
"""
import sys
import time

import umbridge


class Echo(umbridge.Model):
    def __init__(self):
        super().__init__("echo")

    def get_input_sizes(self, config):
        return [config["count"]]

    def get_output_sizes(self, config):
        return [config["count"]]

    def __call__(self, parameters, config):
        return parameters

    def gradient(self, out_wrt, in_wrt, parameters, sens, config):
        return sens

    def supports_evaluate(self):
        return True

    def supports_gradient(self):
        return True


def client(port, count, rounds, warmup, shmem):
    model = umbridge.HTTPModel(f"http://127.0.0.1:{port}", "echo", use_shmem=shmem)
    if shmem and not model.supports_shmem():
        return
    config = {"count": count}
    x = [0.1 + 1.0 / (n + 3) for n in range(count)]
    for done in range(warmup + rounds):
        began = time.perf_counter()
        y = model([x], config)
        g = model.gradient(0, 0, [x], y[0], config)
        took = time.perf_counter() - began
        assert len(g) == count and g[0] == x[0] and g[-1] == x[-1]
        if done >= warmup:
            print(took, flush=True)


if sys.argv[1] == "server":
    umbridge.serve_models([Echo()], int(sys.argv[2]))
else:
    port, count, rounds, warmup, shmem = map(int, sys.argv[2:7])
    client(port, count, rounds, warmup, bool(shmem))
