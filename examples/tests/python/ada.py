"""A component written with the published package, unchanged: it says what it has, and doubles what it hears."""

import json
import sys

from swergio import MESSAGE_TYPE, Client, Trigger


def double(message):
    rows = message["DATA"]
    return {
        "ID": message["ID"],
        "DATA": [[2 * value for value in row] for row in rows],
        "SAW": json.dumps(rows),
        "FROM": message["SENT_BY"],
    }


ada = Client("ada", "127.0.0.1", int(sys.argv[1]))
ada.add_eventHandler(
    double, MESSAGE_TYPE.DATA.GRADIENT, "lab", trigger=Trigger(MESSAGE_TYPE.DATA.FORWARD, "lab")
)
ada.send(
    {
        "ID": "from python",
        "TYPE": MESSAGE_TYPE.DATA.FORWARD.id,
        "TO_ROOM": "lab",
        "NOTE": "Grüße",
        "DATA": [[0.5, -1.0, 1e-3]],
    }
)
ada.listen()
