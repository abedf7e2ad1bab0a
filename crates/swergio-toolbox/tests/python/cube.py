"""A differentiable component written with the published package, unchanged: it cubes, and knows nothing of ports or faults."""

import sys
import uuid

from swergio import MESSAGE_TYPE, Client, Trigger

memory = {}


def forward(message):
    # IDs with hyphens, as str() writes them: whoever gets this one must give it back as it is.
    out = str(uuid.uuid4())
    memory[out] = (message["ID"], message["DATA"])
    return {"ID": out, "DATA": [[x**3 for x in row] for row in message["DATA"]]}


def backward(message):
    if message["ID"] not in memory:
        return None
    came, rows = memory.pop(message["ID"])
    pairs = zip(rows, message["DATA"])
    by_input = [[3 * x**2 * g for x, g in zip(*pair)] for pair in pairs]
    # The other way round: hyphens are put into an ID that had none.
    return {"ID": str(uuid.UUID(came)), "DATA": by_input}


cube = Client("cube", "127.0.0.1", int(sys.argv[1]))
cube.add_eventHandler(
    forward, MESSAGE_TYPE.DATA.FORWARD, "output", trigger=Trigger(MESSAGE_TYPE.DATA.FORWARD, "model")
)
cube.add_eventHandler(
    backward, MESSAGE_TYPE.DATA.GRADIENT, "model", trigger=Trigger(MESSAGE_TYPE.DATA.GRADIENT, "output")
)
cube.send({"ID": "1", "TYPE": MESSAGE_TYPE.DATA.TEXT.id, "TO_ROOM": "ready", "DATA": "cube"})
cube.listen()
