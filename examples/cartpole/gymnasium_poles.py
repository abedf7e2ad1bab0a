"""Gymnasium's CartPole-v1 in place of ours, with the Python package that is on PyPI.

python gymnasium_poles.py [PORT [POLES [SEED]]]
"""
import socket
import sys
import uuid

import gymnasium
import numpy
from gymnasium.vector import AutoresetMode
from swergio import MESSAGE_TYPE, Client, Trigger

port, count, seed = (int(text) for text in sys.argv[1:] + ["8080", "8", "1"][len(sys.argv) - 1:])
poles = gymnasium.make_vec(
    "CartPole-v1", num_envs=count, vectorization_mode="sync",
    vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP},
)
shown, _ = poles.reset(seed=seed)
episodes, steps = numpy.zeros(count, int), numpy.zeros(count, int)
showing = uuid.uuid4().hex

world = Client("poles", "127.0.0.1", port)
# The client sends a message in two parts; without this each would wait for the other side's acknowledgement.
world.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def show():
    world.send({
        "ID": showing, "TYPE": "DATA/FORWARD", "TO_ROOM": "observation", "ROOT_ID": showing, "MODEL_STATUS": 1,
        "EPISODE": episodes.tolist(), "STEP": steps.tolist(), "DATA": shown.tolist(),
    })


def act(message):
    """Does what an agent says about what is shown, pays, and shows what came of it."""
    global shown, showing
    if message.get("ROOT_ID") != showing:
        return
    shown, rewards, terminated, truncated, info = poles.step(numpy.array(message["DATA"]))
    ended = terminated | truncated
    reward = {
        "ID": message["ID"], "TYPE": "DATA/REWARD", "TO_ROOM": "action", "ROOT_ID": showing, "MODEL_STATUS": 1,
        "TERMINATED": terminated.tolist(), "TRUNCATED": truncated.tolist(),
        "EPISODE": episodes.tolist(), "STEP": steps.tolist(), "DATA": rewards.tolist(),
    }
    if ended.any():
        finals = [info["final_obs"][pole] if ended[pole] else shown[pole] for pole in range(count)]
        reward["FINAL"] = numpy.stack(finals).tolist()
    world.send(reward)
    episodes[ended] += 1
    steps[:] = numpy.where(ended, 0, steps + 1)
    showing = uuid.uuid4().hex
    show()


def box(space):
    return {"type": "Box", "low": space.low.tolist(), "high": space.high.tolist(), "shape": space.shape, "dtype": "<f4"}


def declare(message):
    """Tells whoever asks what there is to see and to do, and shows it once more: it came late."""
    if message["TYPE"] == "COMMAND/SPACES" and "OBSERVATION" not in message:
        world.send({
            "TYPE": "COMMAND/SPACES", "TO": message["SENT_BY"], "REF": message["ID"], "ENVIRONMENTS": count,
            "OBSERVATION": box(poles.single_observation_space),
            "ACTION": {"type": "Discrete", "n": int(poles.single_action_space.n)},
        })
        show()


world.add_eventHandler(act, None, trigger=Trigger(MESSAGE_TYPE.DATA.FORWARD, "action", directmessage=False))
# The package does not know the kind of the question: None stands for kinds that it does not know.
world.add_eventHandler(declare, None, trigger=Trigger(None, "observation", directmessage=False))
show()
print("poles    |", count, "of Gymnasium's stand in the room observation", flush=True)
world.listen()
