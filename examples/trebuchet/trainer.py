"""The trainer with NumPy and the published package: it stands in for `trebuchet trainer`, but for the pictures.

    pip install swergio==0.0.2 numpy
    python trainer.py --seed 0 --batches 2000
"""

import argparse
import json
import os
import pathlib
import uuid

import numpy as np
from swergio import MESSAGE_TYPE, Client, Trigger

TRAIN, VALIDATE = 1, 2
# Wishes that the trebuchet can fulfil with which the network is examined, how many are drawn at once, and how often at most.
UNSEEN, DRAWN, DRAWS = 1000, 100, 100
# As in range.rs: a target can be hit if it is between the nearest and the farthest of these shots.
ANGLES = [9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0, 30.0, 34.0, 38.0, 44.0, 50.0, 89.0]
WEIGHTS = [200.0, 1000.0]


def figures(off):
    """Sums up how far off shots were, m, as the trainer in Rust does. One that came down nowhere is as far off as can be."""
    off = np.sort(np.where(np.isnan(off), np.inf, np.abs(off)))
    told = {"count": len(off), "median_m": None, "rmse_m": None, "within_1_m": None, "worst_m": None}
    if len(off):
        root = np.sqrt(np.mean(off**2))
        told.update(median_m=off[len(off) // 2], rmse_m=root, within_1_m=np.mean(off <= 1.0), worst_m=off[-1])
    return {key: value if key == "count" else finite(value) for key, value in told.items()}


def finite(value):
    return float(value) if value is not None and np.isfinite(value) else None


class Examination:
    """What the network does with winds and targets that it has never seen: those that can be hit, and those drawn with them that cannot."""

    def __init__(self, ask, seed):
        self.ask = ask
        # Of these draws no network has learned.
        self.dice = np.random.default_rng([seed, 1 << 32])
        self.wishes, self.reachable, self.draws = np.empty((0, 2)), np.empty(0, dtype=bool), 0

    def begin(self):
        """Draws wishes, and asks the trebuchet how near and how far it throws in each of the winds."""
        wind, target = self.dice.normal(0, 5, DRAWN), self.dice.uniform(20, 100, DRAWN)
        self.wishes, self.draws = np.concatenate([self.wishes, np.stack([wind, target], axis=1)]), self.draws + 1
        aims = [[w, angle, weight] for w in wind for angle in ANGLES for weight in WEIGHTS]
        self.ask("model", aims)

    def hear(self, distances):
        """Takes in what came of what was asked last. Returns the figures when that was all."""
        if len(self.reachable) == len(self.wishes):
            off = distances - self.wishes[:, 1]
            return {"reachable": figures(off[self.reachable]), "unreachable": figures(off[~self.reachable])}
        shots, target = distances.reshape(DRAWN, -1), self.wishes[-DRAWN:, 1]
        can = (np.nanmin(shots, axis=1) <= target) & (target <= np.nanmax(shots, axis=1))
        self.reachable = np.concatenate([self.reachable, can])
        if self.reachable.sum() < UNSEEN and self.draws < DRAWS:
            self.begin()
            return None
        last = np.flatnonzero(self.reachable)[:UNSEEN][-1] + 1
        self.wishes, self.reachable = self.wishes[:last], self.reachable[:last]
        self.ask("input", self.wishes.tolist())
        return None


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
    losses, targets, asked = [], {}, set()

    client = Client(
        os.environ.get("SWERGIO_NAME", "trainer"),
        os.environ.get("SWERGIO_HOST", "127.0.0.1"),
        int(os.environ.get("SWERGIO_PORT", "8080")),
    )
    kinds = MESSAGE_TYPE.DATA

    def send(room, data, status):
        root = uuid.uuid4().hex
        client.send(
            {
                "ID": root,
                "TYPE": kinds.FORWARD.id,
                "TO_ROOM": room,
                "SENT_BY": client.name,
                "ROOT_ID": root,
                "MODEL_STATUS": status,
                "DATA": data,
            }
        )
        return root

    def wish():
        """Sends the next batch of winds and targets."""
        wind, target = dice.normal(0, 5, args.shots), dice.uniform(20, 100, args.shots)
        targets.clear()
        targets[send("input", np.stack([wind, target], axis=1).tolist(), TRAIN)] = target

    def ask(room, data):
        """Sends what is to be answered only, from which nobody learns."""
        asked.clear()
        asked.add(send(room, data, VALIDATE))

    examination = Examination(ask, args.seed)

    def hear(message):
        """Goes on with the examination; in the end writes down what came of it."""
        asked.clear()
        told = examination.hear(np.array(message["DATA"], dtype=float))
        if told is None:
            return
        summary = {"seed": args.seed, "batches": len(losses), "shots_in_a_batch": args.shots, **told}
        (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        print(f"trainer | {json.dumps(summary)}", flush=True)
        client.close()
        raise SystemExit(0)

    def judge(message):
        """Tells how the mean square of what the shots are off changes with where they came down."""
        if message.get("ROOT_ID") in asked:
            return hear(message)
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
        if len(losses) < args.batches:
            wish()
        else:
            examination.begin()

    client.add_eventHandler(judge, kinds.GRADIENT, "output", trigger=Trigger(kinds.FORWARD, "output"))
    client.add_eventHandler(go_on, None, trigger=Trigger(kinds.GRADIENT, "input"))
    wish()
    client.listen()


main()
