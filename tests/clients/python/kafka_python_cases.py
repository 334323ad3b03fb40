"""Cases of kafka-python, a client with its own implementation of the protocol."""
import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError, UnknownTopicOrPartitionError

from driver import PATIENCE_S, Env, case, check, equal, fails, main, until


class KafkaPython(Env):
    def admin(self):
        return KafkaAdminClient(bootstrap_servers=self.bootstrap)

    def producer(self, **config):
        return KafkaProducer(bootstrap_servers=self.bootstrap, **config)

    def consumer(self, *topics, **config):
        defaults = {'auto_offset_reset': 'earliest', 'enable_auto_commit': False, 'heartbeat_interval_ms': 300}
        return KafkaConsumer(*topics, bootstrap_servers=self.bootstrap, **{**defaults, **config})

    def topic(self, partitions=1, **config):
        topic = self.fresh('t')
        admin = self.admin()
        config = {key.replace('_', '.'): value for key, value in config.items()}
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
        until('topic is known', lambda: topic in admin.list_topics())
        admin.close()
        return topic

    def send(self, topic, count, prefix='v', partition=0, **config):
        producer = self.producer(**config)
        sent = [producer.send(topic, f'{prefix}{i}'.encode(), key=f'k{i}'.encode(), partition=partition)
                for i in range(count)]
        answers = [future.get(PATIENCE_S) for future in sent]
        producer.close()
        return answers

    def reader(self, topic, partitions=1, **config):
        consumer = self.consumer(**config)
        all_of = [TopicPartition(topic, i) for i in range(partitions)]
        consumer.assign(all_of)
        consumer.seek_to_beginning(*all_of)
        return consumer


# kafka-python 3.0.12 forgets a rebalance that ends just after a poll gave up waiting for it, and then idles for ever: its
# own debug log shows the SyncGroup answer arriving and nothing following. So polls outlast a rebalance.
POLL_MS = 1500


def take(consumer, count):
    records, end = [], time.monotonic() + PATIENCE_S
    while len(records) < count:
        check(time.monotonic() < end, f'read only {len(records)} of {count}')
        for batch in consumer.poll(POLL_MS).values():
            records.extend(batch)
    equal(count, len(records), 'records read')
    return records


@case
def produce_and_consume(env):
    topic = env.topic(2)
    env.send(topic, 500, 'a', 0)
    env.send(topic, 500, 'b', 1)
    records = take(env.reader(topic, 2), 1000)
    for partition, prefix in ((0, 'a'), (1, 'b')):
        values = [record.value for record in records if record.partition == partition]
        equal([f'{prefix}{i}'.encode() for i in range(500)], values, f'values of partition {partition}')


@case
def produce_acks_0_and_1(env):
    topic = env.topic()
    producer = env.producer(acks=0, enable_idempotence=False)
    for i in range(50):
        producer.send(topic, f'zero{i}'.encode())
    producer.flush()
    env.send(topic, 50, 'one', acks=1, enable_idempotence=False)
    take(env.reader(topic), 100)


@case
def produce_idempotent(env):
    topic = env.topic()
    answers = env.send(topic, 1000, enable_idempotence=True)
    equal(list(range(1000)), [answer.offset for answer in answers], 'offsets')
    take(env.reader(topic), 1000)


@case
def produce_every_codec(env):
    topic = env.topic()
    codecs = ['gzip', 'snappy', 'lz4', 'zstd']
    for codec in codecs:
        env.send(topic, 100, 'abc' * 50 + codec, compression_type=codec, linger_ms=20)
    for i, record in enumerate(take(env.reader(topic), 400)):
        equal(f'{"abc" * 50}{codecs[i // 100]}{i % 100}'.encode(), record.value, 'value')


@case
def produce_headers_nulls_timestamps(env):
    topic = env.topic()
    producer = env.producer()
    headers = [('a', b'1'), ('a', b'2'), ('b', b'')]
    time_ms = int(time.time() * 1000) - 3_600_000
    producer.send(topic, b'v', headers=headers, timestamp_ms=time_ms).get(PATIENCE_S)
    producer.send(topic, None, key=b'k').get(PATIENCE_S)
    first, second = take(env.reader(topic), 2)
    equal(headers, [tuple(header) for header in first.headers], 'headers')
    equal((time_ms, None), (first.timestamp, first.key), 'time and null key')
    equal(None, second.value, 'null value')


@case
def produce_too_large_refused(env):
    topic = env.topic(max_message_bytes='2000')
    producer = env.producer()
    fails(MessageSizeTooLargeError, lambda: producer.send(topic, b'x' * 5000).get(PATIENCE_S))


@case
def consume_offsets_and_times(env):
    topic = env.topic()
    producer = env.producer()
    base = int(time.time() * 1000) - 3_600_000
    for i in range(10):
        producer.send(topic, b'v', timestamp_ms=base + i * 10).get(PATIENCE_S)
    consumer, partition = env.reader(topic), TopicPartition(topic, 0)
    equal({partition: 0}, consumer.beginning_offsets([partition]), 'beginning')
    equal({partition: 10}, consumer.end_offsets([partition]), 'end')
    equal(3, consumer.offsets_for_times({partition: base + 21})[partition].offset, 'offset for a time')
    equal(None, consumer.offsets_for_times({partition: base + 1000})[partition], 'offset for a later time')


@case
def consume_seek_and_position(env):
    topic = env.topic()
    partition = TopicPartition(topic, 0)
    env.send(topic, 20)
    consumer = env.reader(topic)
    take(consumer, 20)
    consumer.seek(partition, 15)
    equal(b'v15', take(consumer, 5)[0].value, 'first value after seek')
    equal(20, consumer.position(partition), 'position')


@case
def group_of_three(env):
    topic, group = env.topic(6), env.fresh('g')
    members, stop = [], threading.Event()

    def member():
        consumer = env.consumer(topic, group_id=group)
        owned = set()
        members.append(owned)
        while not stop.is_set():
            consumer.poll(POLL_MS)
            owned.clear()
            owned.update(partition.partition for partition in consumer.assignment())
        consumer.close()

    threads = []
    for count in (1, 2, 3):
        threads.append(threading.Thread(target=member, daemon=True))
        threads[-1].start()
        until(f'{count} members share', lambda: sorted(map(len, map(set, members))) == [6 // count] * count
              and len(set().union(*members)) == 6)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_S)


@case
def group_commit_and_resume(env):
    topic, group = env.topic(), env.fresh('g')
    partition = TopicPartition(topic, 0)
    env.send(topic, 10)
    first = env.consumer(topic, group_id=group)
    take(first, 10)
    first.commit({partition: OffsetAndMetadata(6, 'note', -1)})
    first.close()
    second = env.consumer(topic, group_id=group)
    equal(b'v6', take(second, 4)[0].value, 'first value')
    equal('note', second.committed(partition, metadata=True).metadata, 'metadata')
    second.close()


@case
def admin_topics(env):
    admin, topic = env.admin(), env.fresh('t')
    admin.create_topics([NewTopic(topic, 1, 1)])
    fails(TopicAlreadyExistsError, lambda: admin.create_topics([NewTopic(topic, 1, 1)]))
    until('topic is known', lambda: topic in admin.list_topics())
    admin.create_partitions({topic: NewPartitions(3)})
    until('three partitions', lambda: len(admin.describe_topics([topic])[0]['partitions']) == 3)
    admin.delete_topics([topic])
    until('topic is gone', lambda: topic not in admin.list_topics())
    fails(UnknownTopicOrPartitionError, lambda: admin.delete_topics([topic]))


@case
def admin_groups(env):
    topic, group = env.topic(), env.fresh('g')
    env.send(topic, 3)
    consumer = env.consumer(topic, group_id=group)
    take(consumer, 3)
    consumer.commit()
    consumer.close()
    admin = env.admin()
    check(group in str(admin.list_groups()), 'group is listed')
    check(group in str(admin.describe_groups([group])), 'group is described')
    offsets = admin.list_group_offsets([group])
    check(str(3) in str(offsets), f'committed offset in {offsets}')
    admin.delete_groups([group])
    check(group not in str(admin.list_groups()), 'group is gone')


@case
def admin_configs_and_cluster(env):
    topic, admin = env.topic(retention_ms='4321'), env.admin()
    check('4321' in str(admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])), 'config')
    broker = ConfigResource(ConfigResourceType.BROKER, str(admin.describe_cluster()['brokers'][0]['broker_id']))
    check('num.partitions' in str(admin.describe_configs([broker], config_filter='all')), 'broker configs')


if __name__ == '__main__':
    main(make_env=KafkaPython)
