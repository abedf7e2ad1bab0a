from swergio import MESSAGE_TYPE, Client, Trigger

def hear(message):
    print(message["SENT_BY"], "says:", message["DATA"])

world = Client("world", "127.0.0.1", 8080)
world.add_eventHandler(hear, None, trigger=Trigger(MESSAGE_TYPE.DATA.TEXT, "galactic_chat"))
world.send({"TYPE": "DATA/TEXT", "TO_ROOM": "galactic_chat", "DATA": "Hello universe, this is the world."})
world.listen()
