// Runs named cases of kafkajs on order: the same protocol as every driver under tests/clients.
//
// `PROGRAM --list` prints the names. `PROGRAM BOOTSTRAP THREADS` reads names from standard input, one a line, and prints
// one line of JSON per case: {"case", "ok", "ms", "detail"}.
'use strict';

const readline = require('node:readline');
const { CompressionTypes, ConfigResourceTypes, Kafka, Partitioners, logLevel } = require('kafkajs');

const PATIENCE_MS = 30_000;
const run = Date.now().toString(36);
let numbers = 0;

class Env {
  constructor(bootstrap, name) {
    this.name = name;
    this.open = [];
    this.kafka = new Kafka({ clientId: `kafkajs-${name}`, brokers: [bootstrap], logLevel: logLevel.NOTHING });
  }

  fresh(what) {
    return `${what}-${this.name}-${run}-${numbers++}`;
  }

  async connected(client) {
    await client.connect();
    this.open.push(client);
    return client;
  }

  admin() {
    return this.connected(this.kafka.admin());
  }

  producer(config = {}) {
    return this.connected(this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...config }));
  }

  async topic(numPartitions = 1, configEntries = []) {
    const topic = this.fresh('t');
    const admin = await this.admin();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, configEntries }] });
    return topic;
  }

  async send(topic, count, prefix = 'v', options = {}, config = {}) {
    const { partition = 0, ...rest } = options;
    const producer = await this.producer(config);
    const messages = Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `${prefix}${i}`, partition }));
    return producer.send({ topic, messages, ...rest });
  }

  // A member of a group; what it has read is in `messages`, what it owns in `owned`.
  async member(topic, groupId, config = {}) {
    const consumer = await this.connected(this.kafka.consumer({ groupId, heartbeatInterval: 300, maxWaitTimeInMs: 300, ...config }));
    const member = { consumer, messages: [], owned: new Set(), joins: 0 };
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      member.joins += 1;
      member.owned = new Set(payload.memberAssignment[topic] ?? []);
    });
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        member.messages.push({ partition, ...message });
      },
    });
    return member;
  }

  async read(topic, count, config = {}) {
    const member = await this.member(topic, this.fresh('g'), config);
    await until(`${count} messages read`, () => member.messages.length >= count);
    equal(count, member.messages.length, 'messages read');
    return member.messages;
  }

  async close() {
    for (const client of this.open.reverse()) {
      await client.disconnect().catch(() => {});
    }
  }
}

function check(held, what) {
  if (!held) throw new Error(what);
}

function equal(expected, actual, what) {
  const [left, right] = [JSON.stringify(expected), JSON.stringify(actual)];
  check(left === right, `${what}: expected ${left}, got ${right}`);
}

// Asks again until `ready`; for states that follow an answer rather than come with it.
async function until(what, ready) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await ready())) {
    check(Date.now() < end, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function fails(type, body) {
  try {
    await body();
  } catch (error) {
    const errors = [error, ...(error.errors ?? []), error.cause].filter(Boolean);
    check(errors.some((one) => one.type === type), `expected ${type}, got ${error.type}: ${error.message}`);
    return;
  }
  throw new Error(`expected ${type}, got no error`);
}

async function roundTrip(env, options, config) {
  const topic = await env.topic();
  await env.send(topic, 1000, 'v', options, config);
  const messages = await env.read(topic, 1000);
  messages.forEach((message, i) => equal(`v${i}`, message.value.toString(), 'value'));
}

function share(what, partitions, least, ...members) {
  return until(what, () => {
    const all = new Set(members.flatMap((member) => [...member.owned]));
    const sum = members.reduce((total, member) => total + member.owned.size, 0);
    return all.size === partitions && sum === partitions && members.every((member) => member.owned.size >= least);
  });
}

const cases = {
  'produce-acks-all': (env) => roundTrip(env, { acks: -1 }),
  'produce-acks-1': (env) => roundTrip(env, { acks: 1 }),
  'produce-acks-0': (env) => roundTrip(env, { acks: 0 }),
  'produce-gzip': (env) => roundTrip(env, { compression: CompressionTypes.GZIP }),
  'produce-idempotent': (env) => roundTrip(env, {}, { idempotent: true, maxInFlightRequests: 1 }),

  'produce-headers-and-nulls': async (env) => {
    const topic = await env.topic();
    const producer = await env.producer();
    await producer.send({ topic, messages: [{ value: 'v', headers: { a: '1', b: ['2', '3'] } }, { key: 'k', value: null }] });
    const [first, second] = await env.read(topic, 2);
    equal('1', first.headers.a.toString(), 'header');
    equal(['2', '3'], first.headers.b.map(String), 'repeated header');
    equal(null, first.key, 'null key');
    equal(null, second.value, 'null value');
  },

  'produce-timestamps': async (env) => {
    const topic = await env.topic();
    const producer = await env.producer();
    const timestamp = String(Date.now() - 3_600_000);
    await producer.send({ topic, messages: [{ value: 'v', timestamp }] });
    equal(timestamp, (await env.read(topic, 1))[0].timestamp, 'time');
  },

  'produce-too-large-refused': async (env) => {
    const topic = await env.topic(1, [{ name: 'max.message.bytes', value: '2000' }]);
    const producer = await env.producer();
    await fails('MESSAGE_TOO_LARGE', () => producer.send({ topic, messages: [{ value: Buffer.alloc(5000) }] }));
  },

  'produce-creates-topic': async (env) => {
    const topic = env.fresh('auto');
    await env.send(topic, 3);
    await env.read(topic, 3);
  },

  'consume-seek': async (env) => {
    const topic = await env.topic();
    await env.send(topic, 20);
    const member = await env.member(topic, env.fresh('g'));
    await until('all read', () => member.messages.length === 20);
    member.consumer.seek({ topic, partition: 0, offset: '15' });
    await until('read again', () => member.messages.length === 25);
    equal('v15', member.messages[20].value.toString(), 'first value after seek');
  },

  'consume-pause-and-resume': async (env) => {
    const topic = await env.topic();
    const member = await env.member(topic, env.fresh('g'));
    await share('owns', 1, 1, member);
    member.consumer.pause([{ topic }]);
    await env.send(topic, 5);
    member.consumer.resume([{ topic }]);
    await until('read after resume', () => member.messages.length === 5);
  },

  'group-of-three': async (env) => {
    const [topic, group] = [await env.topic(6), env.fresh('g')];
    const a = await env.member(topic, group);
    await share('one owns all', 6, 6, a);
    const b = await env.member(topic, group);
    await share('two share', 6, 3, a, b);
    const c = await env.member(topic, group);
    await share('three share', 6, 2, a, b, c);
    for (let partition = 0; partition < 6; partition += 1) await env.send(topic, 2, 'v', { partition });
    await until('all read', () => a.messages.length + b.messages.length + c.messages.length === 12);
    await b.consumer.disconnect();
    await share('two remaining share', 6, 3, a, c);
  },

  'group-commit-and-resume': async (env) => {
    const [topic, group] = [await env.topic(), env.fresh('g')];
    await env.send(topic, 10, 'a');
    const first = await env.member(topic, group);
    await until('ten read', () => first.messages.length === 10);
    await first.consumer.disconnect();
    await env.send(topic, 3, 'b');
    const second = await env.member(topic, group);
    await until('three read', () => second.messages.length >= 3);
    equal('b0', second.messages[0].value.toString(), 'first value after the commit');
  },

  'group-admin': async (env) => {
    const [topic, group, admin] = [await env.topic(), env.fresh('g'), await env.admin()];
    await env.send(topic, 4);
    const member = await env.member(topic, group);
    await until('four read', () => member.messages.length === 4);
    equal('Stable', (await admin.describeGroups([group])).groups[0].state, 'state');
    check((await admin.listGroups()).groups.some((one) => one.groupId === group), 'group is listed');
    await member.consumer.disconnect();
    equal('4', (await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0].partitions[0].offset, 'committed');
    await admin.resetOffsets({ groupId: group, topic, earliest: true });
    equal('0', (await admin.fetchOffsets({ groupId: group, topics: [topic], resolveOffsets: true }))[0].partitions[0].offset, 'reset');
    await admin.deleteGroups([group]);
    check(!(await admin.listGroups()).groups.some((one) => one.groupId === group), 'group is gone');
  },

  'admin-topics': async (env) => {
    const [topic, admin] = [env.fresh('t'), await env.admin()];
    equal(true, await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }), 'created');
    equal(false, await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }), 'created again');
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await until('three partitions', async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length === 3);
    await admin.deleteTopics({ topics: [topic] });
    await until('topic is gone', async () => !(await admin.listTopics()).includes(topic));
  },

  'admin-configs': async (env) => {
    const [topic, admin] = [await env.topic(), await env.admin()];
    await admin.alterConfigs({
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'retention.ms', value: '4242' }] }],
    });
    await until('altered', async () => {
      const described = await admin.describeConfigs({
        includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
      });
      return described.resources[0].configEntries[0].configValue === '4242';
    });
  },

  'admin-cluster-offsets-records': async (env) => {
    const [topic, admin] = [await env.topic(), await env.admin()];
    await env.send(topic, 10);
    equal(1, (await admin.describeCluster()).brokers.length, 'brokers');
    const [offsets] = await admin.fetchTopicOffsets(topic);
    equal(['0', '10'], [offsets.low, offsets.high], 'low and high');
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] });
    equal('4', (await admin.fetchTopicOffsets(topic))[0].low, 'low after deletion');
    equal('v4', (await env.read(topic, 6))[0].value.toString(), 'first value left');
  },
};

async function outcome(name, bootstrap) {
  const started = Date.now();
  const env = new Env(bootstrap, name);
  let detail = '';
  try {
    await cases[name](env);
  } catch (error) {
    detail = String(error.stack ?? error);
  }
  await env.close();
  console.log(JSON.stringify({ case: name, ok: detail === '', ms: Date.now() - started, detail }));
}

async function main([bootstrap, threads]) {
  if (bootstrap === '--list') {
    console.log(Object.keys(cases).join('\n'));
    return;
  }
  const orders = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const worker = async () => {
    for (let order = await orders.next(); !order.done; order = await orders.next()) {
      await outcome(order.value, bootstrap);
    }
  };
  await Promise.all(Array.from({ length: Number(threads) }, worker));
  process.exit(0);
}

main(process.argv.slice(2));
