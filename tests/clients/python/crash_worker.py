"""Load for the crash rounds: librdkafka producers that remember what was acknowledged, and a reader that checks it.

Orders come as lines of JSON on standard input, each answered by one line of JSON:
  {"do": "load", "bootstrap", "round"}   makes the round's topics, starts its producers, answers when all have had an ack
  {"do": "stop"}                         stops them; what is in flight may still arrive or fail
  {"do": "verify"}                       reads the round's partitions back and compares; {"ok", "acked", "read", "slowest_ack_ms", "detail"}
"""
import collections
import json
import random
import sys
import threading
import time
import traceback

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 3
PATIENCE_S = 30
# A producer that gives a record up keeps no order for what it had sent behind it, so that must not come to pass even where
# the disk is slow.
GIVE_UP_S = 300
# Kind of producer → its settings, and those of its topic (whose policy is `disk` unless write.caching makes it `os`).
# Without idempotence, order across a lost connection is promised only with one request in flight and no retries.
PLAIN = {'retries': 0, 'max.in.flight.requests.per.connection': 1}
KINDS = {
    'idempotent-disk': ({'enable.idempotence': True}, {}),
    'idempotent-os': ({'enable.idempotence': True}, {'write.caching': 'true'}),
    'plain-all-disk': ({'acks': 'all', **PLAIN}, {}),
    'plain-1-os': ({'acks': 1, **PLAIN}, {'write.caching': 'true'}),
}


class Load(threading.Thread):
    """One producer and its topic; `acked` maps a partition to (offset, value number) in the order of the answers."""

    def __init__(self, bootstrap, kind, topic, seed):
        super().__init__(daemon=True)
        self.topic, self.kind, self.random = topic, kind, random.Random(seed)
        self.acked = collections.defaultdict(list)
        self.errors = collections.Counter()
        self.slowest_s = 0
        self.stop = False
        config, _ = KINDS[kind]
        self.producer = Producer({
            'bootstrap.servers': bootstrap, 'linger.ms': 2, 'message.timeout.ms': GIVE_UP_S * 1000, 'reconnect.backoff.ms': 20,
            'reconnect.backoff.max.ms': 100, 'retry.backoff.ms': 20, 'log_level': 0, **config})
        self.start()

    def run(self):
        sent = [0] * PARTITIONS
        while not self.stop:
            for _ in range(40):
                partition = self.random.randrange(PARTITIONS)
                try:
                    self.send(partition, sent[partition])
                except BufferError:
                    break
                sent[partition] += 1
            self.producer.poll(0.002)
        self.producer.flush(GIVE_UP_S + PATIENCE_S)

    def send(self, partition, number):
        def answered(error, message):
            if error is None:
                self.acked[partition].append((message.offset(), number))
                self.slowest_s = max(self.slowest_s, message.latency())
            else:
                self.errors[error.name()] += 1

        value = f'{number} '.encode() + bytes(self.random.randrange(400))
        self.producer.produce(self.topic, value, partition=partition, on_delivery=answered)


class Commits(threading.Thread):
    """Commits 1, 2, 3 … for a group; `last` is the last one that was acknowledged, `tried` the last one sent."""

    def __init__(self, bootstrap, topic, group):
        super().__init__(daemon=True)
        self.topic, self.last, self.tried, self.stop = topic, 0, 0, False
        self.consumer = Consumer({'bootstrap.servers': bootstrap, 'group.id': group, 'log_level': 0,
                                  'reconnect.backoff.max.ms': 100})
        self.start()

    def run(self):
        while not self.stop:
            try:
                self.tried += 1
                self.consumer.commit(offsets=[TopicPartition(self.topic, 0, self.tried)], asynchronous=False)
                self.last = self.tried
            except KafkaException:
                pass
            time.sleep(0.001)


class Worker:
    def __init__(self):
        self.loads, self.commits, self.bootstrap = [], None, None

    def load(self, order):
        self.bootstrap = order['bootstrap']
        number = order['round']
        admin = AdminClient({'bootstrap.servers': self.bootstrap, 'log_level': 0})
        for kind, (_, config) in KINDS.items():
            create(admin, f'crash-{number}-{kind}', {} if order.get('reference') else config)
        self.loads = [Load(self.bootstrap, kind, f'crash-{number}-{kind}', f'{order["seed"]}-{kind}') for kind in KINDS]
        self.commits = Commits(self.bootstrap, self.loads[0].topic, f'crash-{number}')
        end = time.monotonic() + PATIENCE_S
        while not (all(load.acked for load in self.loads) and self.commits.last):
            assert time.monotonic() < end, f'no acknowledgements: {[load.errors for load in self.loads]}'
            time.sleep(0.005)
        return {}

    def stop(self, _):
        for load in [*self.loads, self.commits]:
            load.stop = True
        for load in [*self.loads, self.commits]:
            load.join(GIVE_UP_S + 2 * PATIENCE_S)
        return {}

    def verify(self, _):
        records, detail = self.read(), []
        for load in self.loads:
            for partition in range(PARTITIONS):
                detail += compare(load, partition, records[load.topic, partition])
        group = self.commits.consumer.committed([TopicPartition(self.commits.topic, 0)], PATIENCE_S)[0]
        if not self.commits.last <= group.offset <= self.commits.tried:
            detail.append(f'commit {self.commits.last} was acknowledged, {group.offset} is stored')
        self.commits.consumer.close()
        acked = sum(len(answers) for load in self.loads for answers in load.acked.values())
        read = sum(map(len, records.values()))
        if detail:
            detail += [f'{load.topic}: {dict(load.errors)}' for load in self.loads]
        slowest_s = max(load.slowest_s for load in self.loads)
        return {'ok': not detail, 'acked': acked, 'read': read, 'slowest_ack_ms': round(slowest_s * 1000),
                'detail': '\n'.join(detail)}

    def read(self):
        """(Topic, partition) → numbers of all its records; the offsets must be 0, 1, 2 …"""
        consumer = Consumer({'bootstrap.servers': self.bootstrap, 'group.id': 'reader', 'enable.auto.commit': False,
                             'auto.offset.reset': 'error', 'log_level': 0})
        try:
            everything = [(load.topic, partition) for load in self.loads for partition in range(PARTITIONS)]
            ends = {key: consumer.get_watermark_offsets(TopicPartition(*key), PATIENCE_S)[1] for key in everything}
            consumer.assign([TopicPartition(*key, OFFSET_BEGINNING) for key in everything])
            records, left = {key: [] for key in everything}, sum(ends.values())
            until = time.monotonic() + PATIENCE_S
            while left > 0:
                assert time.monotonic() < until, f'not read: {[key for key in everything if len(records[key]) < ends[key]]}'
                for message in consumer.consume(min(10000, left), 1):
                    numbers = records[message.topic(), message.partition()]
                    assert message.error() is None, f'{message.topic()}-{message.partition()}: {message.error()}'
                    assert message.offset() == len(numbers), \
                        f'{message.topic()}-{message.partition()}: offset {message.offset()} after {len(numbers)}'
                    numbers.append(int(message.value().split(b' ', 1)[0]))
                    left -= 1
            return records
        finally:
            consumer.close()


def compare(load, partition, records):
    """What is wrong with `records`: an acknowledged one that is missing, or is not where its answer said; order; repeats."""
    name = f'{load.topic}-{partition}'
    wrong = []
    for offset, number in load.acked[partition]:
        stored = records[offset] if offset < len(records) else None
        if stored != number:
            wrong.append(f'{name}: record {number} was acknowledged at offset {offset}, there is {stored}')
    for before, after in zip(records, records[1:]):
        if after <= before:
            wrong.append(f'{name}: record {after} follows {before}')
        elif after != before + 1 and 'idempotent' in load.kind and not load.errors:
            wrong.append(f'{name}: records between {before} and {after} are missing')
    return wrong[:10]


def create(admin, topic, config):
    future = admin.create_topics([NewTopic(topic, PARTITIONS, 1, config=config)])[topic]
    future.result(PATIENCE_S)
    end = time.monotonic() + PATIENCE_S
    while topic not in admin.list_topics(timeout=PATIENCE_S).topics:
        assert time.monotonic() < end, f'{topic} is not known'
        time.sleep(0.01)


def main():
    worker = Worker()
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(worker, order['do'])(order)
        except Exception:  # the answer says what went wrong; the harness decides
            answer = {'ok': False, 'detail': traceback.format_exc()}
        print(json.dumps({'ok': True, **answer}), file=answers, flush=True)


if __name__ == '__main__':
    main()
