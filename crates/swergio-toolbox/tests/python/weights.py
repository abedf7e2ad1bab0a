"""Reads or writes weights as PyTorch users do, with NumPy's arrays in the place of PyTorch's."""

import sys

import numpy as np
from safetensors.numpy import load_file, save_file

what, file = sys.argv[1:]
if what == "read":
    for name, array in sorted(load_file(file).items()):
        print(name, array.dtype, array.shape, array.tolist())
else:
    save_file(
        {
            "weight": np.array([[1.0, 2.0], [3.0, 4.5]], dtype=np.float32),
            "count": np.array(12),
            "empty": np.zeros((0, 3)),
        },
        file,
    )
