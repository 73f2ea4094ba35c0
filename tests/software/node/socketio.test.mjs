// SPDX-License-Identifier: BSD-3-Clause
// socket.io's Redis adapter: two servers that know each other only by Pub/Sub.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';

const url = `redis://127.0.0.1:${process.env.PORT}`;

async function node(adapterOf) {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const http = createServer();
  const io = new Server(http, { adapter: adapterOf(publisher, subscriber) });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  io.on('connection', (socket) => {
    socket.join('room');
    socket.on('shout', (text) => io.to('room').emit('heard', text));
  });
  const client = connect(`http://127.0.0.1:${http.address().port}`, { transports: ['websocket'] });
  await once(client, 'connect');
  return { io, client, close: async () => {
    client.close();
    await io.close();
    await Promise.all([publisher.close(), subscriber.close()]);
  } };
}

for (const [name, adapterOf] of [['adapter', createAdapter], ['sharded adapter', createShardedAdapter]]) {
  test(`${name}: what one server's client says, the other server's client hears`, async () => {
    const one = await node(adapterOf);
    const two = await node(adapterOf);
    try {
      for (let waited = 0; (await one.io.fetchSockets()).length < 2 && waited < 50; waited++) {
        await new Promise((resolve) => { setTimeout(resolve, 50); });
      }
      assert.equal((await one.io.fetchSockets()).length, 2);
      const heard = Promise.all([once(one.client, 'heard'), once(two.client, 'heard')]);
      one.client.emit('shout', 'hello');
      assert.deepEqual(await heard, [['hello'], ['hello']]);
      two.io.serverSideEmit('ping-all', 1);
      await once(one.io, 'ping-all');
    } finally {
      await one.close();
      await two.close();
    }
  });
}
