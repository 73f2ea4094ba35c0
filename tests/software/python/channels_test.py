# SPDX-License-Identifier: BSD-3-Clause
"""python3-channels-redis: the layers between Django's consumers. usage: channels_test.py PORT"""
import asyncio
import sys

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

HOSTS = ["redis://127.0.0.1:%s/3" % sys.argv[1]]


async def exercise(layer, other):
    mine, theirs = await layer.new_channel(), await other.new_channel()
    await layer.send(theirs, {"type": "direct", "n": 1})
    assert await asyncio.wait_for(other.receive(theirs), 5) == {"type": "direct", "n": 1}
    await layer.group_add("room", mine)
    await other.group_add("room", theirs)
    for n in range(20):
        await layer.group_send("room", {"type": "all", "n": n})
    for channel, on in ((mine, layer), (theirs, other)):
        got = [(await asyncio.wait_for(on.receive(channel), 5))["n"] for _ in range(20)]
        assert got == list(range(20)), got
    await other.group_discard("room", theirs)
    await layer.group_send("room", {"type": "all", "n": 99})
    assert (await asyncio.wait_for(layer.receive(mine), 5))["n"] == 99
    try:
        await asyncio.wait_for(other.receive(theirs), 0.2)
        raise SystemExit("a channel that left the group got its message")
    except asyncio.TimeoutError:
        pass
    await layer.flush()


async def main():
    for kind in (RedisChannelLayer, RedisPubSubChannelLayer):
        await exercise(kind(hosts=HOSTS), kind(hosts=HOSTS))
    print("channels-redis: ok")


asyncio.run(main())
