"""The trainer with NumPy and the published package: it stands in for `trebuchet trainer`, but for the examination.

    pip install swergio==0.0.2 numpy
    python trainer.py --seed 0 --batches 2000
"""

import argparse
import os
import pathlib
import uuid

import numpy as np
from swergio import MESSAGE_TYPE, Client, Trigger

TRAIN = 1


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--batches", type=int, default=2000)
    args.add_argument("--shots", type=int, default=100)
    args.add_argument("--deadline", help="is for trainers that try again")
    args.add_argument("--out", default="target/trebuchet")
    args = args.parse_args()
    dice = np.random.default_rng(args.seed)
    folder = pathlib.Path(args.out) / f"seed-{args.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    journal = open(folder / "losses.csv", "w", buffering=1)
    journal.write("batch,loss_m2\n")
    losses, targets = [], {}

    client = Client(
        os.environ.get("SWERGIO_NAME", "trainer"),
        os.environ.get("SWERGIO_HOST", "127.0.0.1"),
        int(os.environ.get("SWERGIO_PORT", "8080")),
    )
    kinds = MESSAGE_TYPE.DATA

    def wish():
        """Sends the next batch of winds and targets."""
        wind, target = dice.normal(0, 5, args.shots), dice.uniform(20, 100, args.shots)
        root = uuid.uuid4().hex
        targets.clear()
        targets[root] = target
        client.send(
            {
                "ID": root,
                "TYPE": kinds.FORWARD.id,
                "TO_ROOM": "input",
                "SENT_BY": client.name,
                "ROOT_ID": root,
                "MODEL_STATUS": TRAIN,
                "DATA": np.stack([wind, target], axis=1).tolist(),
            }
        )

    def judge(message):
        """Tells how the mean square of what the shots are off changes with where they came down."""
        if message.get("ROOT_ID") not in targets:
            return None
        off = np.array(message["DATA"], dtype=float) - targets[message["ROOT_ID"]]
        down = np.isfinite(off)
        losses.append(np.mean(off[down] ** 2))
        journal.write(f"{len(losses) - 1},{losses[-1]}\n")
        gradient = np.where(down, 2 * off / max(down.sum(), 1), 0.0)
        return {"ID": message["ID"], "DATA": gradient.tolist()}

    def go_on(message):
        """Begins the next batch when the gradient of this one has come all the way back."""
        if message["ID"] not in targets:
            return
        if len(losses) % 100 == 0:
            print(f"trainer | batch {len(losses)} of {args.batches}: {np.mean(losses[-100:]) ** 0.5:.2f} m off", flush=True)
        if len(losses) >= args.batches:
            client.close()
            raise SystemExit(0)
        wish()

    client.add_eventHandler(judge, kinds.GRADIENT, "output", trigger=Trigger(kinds.FORWARD, "output"))
    client.add_eventHandler(go_on, None, trigger=Trigger(kinds.GRADIENT, "input"))
    wish()
    client.listen()


main()
