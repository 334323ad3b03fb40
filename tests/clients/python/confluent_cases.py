"""Cases of confluent-kafka, the Python face of librdkafka."""
import threading
import time

from confluent_kafka import (
    OFFSET_BEGINNING, OFFSET_END, Consumer, ConsumerGroupState, ConsumerGroupTopicPartitions, IsolationLevel,
    KafkaError, KafkaException, Producer, TopicCollection, TopicPartition)
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec, ResourceType)

from driver import PATIENCE_S, Env, case, check, equal, fails, main, until


class Confluent(Env):
    kept = None

    def keep(self, client):
        """Holds on to a client until the case ends: librdkafka fails what is in flight when one is dropped."""
        self.kept = [*(self.kept or []), client]
        return client

    def config(self, **more):
        config = {'bootstrap.servers': self.bootstrap, 'client.id': f'confluent-{self.name}'}
        config.update({key.replace('_', '.'): value for key, value in more.items()})
        return config

    def admin(self):
        return self.keep(AdminClient(self.config()))

    def producer(self, **more):
        return self.keep(Producer(self.config(**{'linger_ms': 0, **more})))

    def consumer(self, **more):
        defaults = {'group_id': self.fresh('g'), 'auto_offset_reset': 'earliest', 'enable_auto_commit': False,
                    'session_timeout_ms': 10000, 'heartbeat_interval_ms': 300}
        return Consumer(self.config(**{**defaults, **more}))

    def topic(self, partitions=1, **config):
        topic = self.fresh('t')
        config = {key.replace('_', '.'): value for key, value in config.items()}
        admin = self.admin()
        done(admin.create_topics([NewTopic(topic, partitions, 1, config=config)]))
        until('topic is known', lambda: topic in admin.list_topics(timeout=10).topics)
        return topic

    def send(self, topic, count, prefix='v', partition=0, **config):
        """Sends `count` values to one partition, waits for all answers, returns the delivered messages."""
        delivered = []
        producer = self.producer(**config)
        for i in range(count):
            producer.produce(topic, f'{prefix}{i}'.encode(), f'k{i}'.encode(), partition,
                             on_delivery=lambda error, message: delivered.append((error, message)))
            producer.poll(0)
        equal(0, producer.flush(PATIENCE_S), 'records left unsent')
        for error, _ in delivered:
            equal(None, error, 'delivery error')
        equal(count, len(delivered), 'delivery reports')
        return [message for _, message in delivered]

    def reader(self, topic, partitions=1, offset=OFFSET_BEGINNING, **config):
        consumer = self.consumer(**config)
        consumer.assign([TopicPartition(topic, i, offset) for i in range(partitions)])
        return consumer


def done(futures):
    for future in futures.values():
        future.result(PATIENCE_S)


def take(consumer, count):
    """Polls until `count` messages came; a further poll must bring none."""
    messages = at_least(consumer, count)
    more = consumer.poll(0.05)
    check(more is None or more.error(), 'one message too many')
    return messages


def at_least(consumer, count):
    messages, end = [], time.monotonic() + PATIENCE_S
    while len(messages) < count:
        check(time.monotonic() < end, f'read only {len(messages)} of {count}')
        for message in consumer.consume(min(count - len(messages), 1000), 0.2):
            if message.error():
                raise KafkaException(message.error())
            messages.append(message)
    return messages


def code(body):
    """The Kafka error code that `body` raises."""
    return fails(KafkaException, body).args[0].code()


@case
def produce_acks_all(env):
    round_trip(env, acks='all')


@case
def produce_acks_1(env):
    round_trip(env, acks=1)


@case
def produce_acks_0(env):
    round_trip(env, acks=0)


@case
def produce_idempotent(env):
    round_trip(env, enable_idempotence=True)


def round_trip(env, **config):
    topic = env.topic()
    env.send(topic, 2000, **config)
    messages = take(env.reader(topic), 2000)
    equal([f'v{i}'.encode() for i in range(2000)], [message.value() for message in messages], 'values')
    equal(list(range(2000)), [message.offset() for message in messages], 'offsets')


@case
def produce_every_codec(env):
    topic = env.topic()
    codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
    for codec in codecs:
        env.send(topic, 200, 'abc' * 50 + codec, compression_type=codec, linger_ms=20)
    messages = take(env.reader(topic), 1000)
    for i, message in enumerate(messages):
        equal(f'{"abc" * 50}{codecs[i // 200]}{i % 200}'.encode(), message.value(), 'value')


@case
def produce_headers_and_nulls(env):
    topic = env.topic()
    producer = env.producer()
    headers = [('a', b'1'), ('b', None), ('a', b'2'), ('ü', 'ß'.encode())]
    producer.produce(topic, None, b'key', headers=headers)
    producer.produce(topic, b'', None)
    producer.flush(PATIENCE_S)
    first, second = take(env.reader(topic), 2)
    equal(headers, first.headers(), 'headers')
    equal(None, first.value(), 'null value')
    equal(None, second.key(), 'null key')
    equal(b'', second.value() or b'', 'empty value')


@case
def produce_too_large_refused(env):
    topic = env.topic(max_message_bytes='2000')
    errors = []
    producer = env.producer()
    producer.produce(topic, b'x' * 5000, on_delivery=lambda error, _: errors.append(error.code()))
    producer.flush(PATIENCE_S)
    equal([KafkaError.MSG_SIZE_TOO_LARGE], errors, 'delivery error')


@case
def produce_large_record(env):
    topic = env.topic(max_message_bytes='8388608')
    value = bytes(range(256)) * 16384
    producer = env.producer(message_max_bytes=16000000)
    producer.produce(topic, value)
    equal(0, producer.flush(PATIENCE_S), 'records left unsent')
    check(take(env.reader(topic), 1)[0].value() == value, 'value')


@case
def produce_creates_topic(env):
    topic = env.fresh('auto')
    env.send(topic, 10)
    equal(10, len(take(env.reader(topic), 10)), 'messages')


@case
def produce_timestamps(env):
    topic = env.topic()
    producer = env.producer(linger_ms=20)
    base = int(time.time() * 1000) - 3_600_000
    times = [base + 1000, base + 3000, base + 2000]
    for time_ms in times:
        producer.produce(topic, b'v', timestamp=time_ms)
    producer.flush(PATIENCE_S)
    equal(times, [message.timestamp()[1] for message in take(env.reader(topic), 3)], 'times')


@case
def consume_offsets_for_times_and_watermarks(env):
    topic = env.topic()
    producer = env.producer()
    base = int(time.time() * 1000) - 3_600_000
    for i in range(10):
        producer.produce(topic, b'v', timestamp=base + i * 10)
    producer.flush(PATIENCE_S)
    consumer = env.reader(topic)
    equal((0, 10), consumer.get_watermark_offsets(TopicPartition(topic, 0), 10), 'watermarks')
    for time_ms, offset in ((0, 0), (base + 1, 1), (base + 90, 9), (base + 91, OFFSET_END)):
        found = consumer.offsets_for_times([TopicPartition(topic, 0, time_ms)], 10)[0]
        equal(offset, found.offset, f'offset for time {time_ms}')


@case
def consume_seek_pause_resume(env):
    topic = env.topic(2)
    env.send(topic, 10, 'a', 0)
    env.send(topic, 10, 'b', 1)
    consumer = env.reader(topic, 2)
    at_least(consumer, 20)
    consumer.seek(TopicPartition(topic, 0, 5))
    equal(b'a5', at_least(consumer, 5)[0].value(), 'first value after seek')
    consumer.pause([TopicPartition(topic, 0)])
    env.send(topic, 1, 'c', 0)
    env.send(topic, 1, 'd', 1)
    equal(b'd0', at_least(consumer, 1)[0].value(), 'value of the running partition')
    consumer.resume([TopicPartition(topic, 0)])
    equal(b'c0', at_least(consumer, 1)[0].value(), 'value of the resumed partition')


@case
def consume_from_end(env):
    topic = env.topic()
    env.send(topic, 5, 'old')
    consumer = env.reader(topic, offset=OFFSET_END)
    consumer.poll(0.5)
    env.send(topic, 2, 'new')
    equal(b'new0', take(consumer, 2)[0].value(), 'first value')


@case
def consume_partition_eof(env):
    topic = env.topic()
    env.send(topic, 3)
    consumer = env.reader(topic, enable_partition_eof=True)
    at_least(consumer, 3)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        message = consumer.poll(0.5)
        if message is not None and message.error():
            equal(KafkaError._PARTITION_EOF, message.error().code(), 'event')
            return
    check(False, 'no end of partition')


@case
def consume_out_of_range_resets(env):
    topic = env.topic()
    env.send(topic, 5)
    equal(b'v0', take(env.reader(topic, offset=1000), 5)[0].value(), 'first value')


@case
def consume_large_backlog_of_small_fetches(env):
    topic = env.topic(4)
    for partition in range(4):
        env.send(topic, 5000, partition=partition, linger_ms=5)
    messages = take(env.reader(topic, 4, fetch_message_max_bytes=2000), 20000)
    for partition in range(4):
        offsets = [message.offset() for message in messages if message.partition() == partition]
        equal(list(range(5000)), offsets, f'offsets of partition {partition}')


@case
def group_of_three_range(env):
    of_three(env, 'range')


@case
def group_of_three_cooperative(env):
    of_three(env, 'cooperative-sticky')


class Member(threading.Thread):
    def __init__(self, env, topic, group, **config):
        super().__init__(daemon=True)
        self.consumer = env.consumer(group_id=group, **config)
        self.topic, self.owned, self.values, self.stop = topic, set(), [], False
        self.lock = threading.Lock()
        self.rebalances = 0
        self.start()

    def run(self):
        def assigned(_, partitions):
            self.rebalances += 1
            self.owned |= {partition.partition for partition in partitions}

        def revoked(_, partitions):
            self.owned -= {partition.partition for partition in partitions}

        self.consumer.subscribe([self.topic], on_assign=assigned, on_revoke=revoked, on_lost=revoked)
        while not self.stop:
            message = self.consumer.poll(0.05)
            if message is not None and not message.error():
                with self.lock:
                    self.values.append(message.value())
        self.consumer.close()

    def end(self):
        self.stop = True
        self.join(PATIENCE_S)


def shared(members, partitions, least):
    owned = [set(member.owned) for member in members]
    return all(len(one) >= least for one in owned) and sum(map(len, owned)) == len(set().union(*owned)) == partitions


def of_three(env, strategy):
    topic, group = env.topic(6), env.fresh('g')
    members = []
    for count in (1, 2, 3):
        members.append(Member(env, topic, group, partition_assignment_strategy=strategy))
        until(f'{count} members share', lambda: shared(members, 6, 6 // count))
    for partition in range(6):
        env.send(topic, 2, f'p{partition}-', partition)
    until('all values read', lambda: sum(len(member.values) for member in members) == 12)
    members[1].end()
    until('two remaining members share', lambda: shared([members[0], members[2]], 6, 3))
    for member in (members[0], members[2]):
        member.end()


@case
def group_static_member_restarts_without_rebalance(env):
    topic, group = env.topic(4), env.fresh('g')
    stays = Member(env, topic, group, group_instance_id='stays', session_timeout_ms=20000)
    leaves = Member(env, topic, group, group_instance_id='leaves', session_timeout_ms=20000)
    until('both share', lambda: shared([stays, leaves], 4, 2))
    before, rebalances = set(leaves.owned), stays.rebalances
    leaves.end()
    again = Member(env, topic, group, group_instance_id='leaves', session_timeout_ms=20000)
    until('it is back', lambda: len(again.owned) == 2)
    equal(before, again.owned, 'assignment')
    equal(rebalances, stays.rebalances, 'rebalances of the other member')
    stays.end()
    again.end()


@case
def group_commit_and_resume(env):
    topic, group = env.topic(), env.fresh('g')
    env.send(topic, 10)
    first = env.consumer(group_id=group)
    first.subscribe([topic])
    at_least(first, 10)
    first.commit(offsets=[TopicPartition(topic, 0, 7, 'note')], asynchronous=False)
    first.close()
    second = env.consumer(group_id=group)
    committed = second.committed([TopicPartition(topic, 0)], 10)[0]
    equal((7, 'note'), (committed.offset, committed.metadata), 'committed')
    second.subscribe([topic])
    equal(b'v7', take(second, 3)[0].value(), 'first value')
    second.close()


@case
def group_auto_commit(env):
    topic, group = env.topic(), env.fresh('g')
    env.send(topic, 10)
    consumer = env.consumer(group_id=group, enable_auto_commit=True)
    consumer.subscribe([topic])
    take(consumer, 10)
    consumer.close()
    equal(10, env.consumer(group_id=group).committed([TopicPartition(topic, 0)], 10)[0].offset, 'committed')


@case
def group_admin_describe_list_delete(env):
    topic, group = env.topic(2), env.fresh('g')
    member = Member(env, topic, group)
    until('member owns all', lambda: shared([member], 2, 2))
    admin = env.admin()
    described = admin.describe_consumer_groups([group])[group].result(PATIENCE_S)
    equal(ConsumerGroupState.STABLE, described.state, 'state')
    equal(2, len(described.members[0].assignment.topic_partitions), 'assigned partitions')
    listed = {one.group_id: one.state for one in admin.list_consumer_groups().result(PATIENCE_S).valid}
    equal(ConsumerGroupState.STABLE, listed[group], 'listed state')
    equal(KafkaError.NON_EMPTY_GROUP, code(lambda: done(admin.delete_consumer_groups([group]))), 'delete while used')
    member.end()
    done(admin.delete_consumer_groups([group]))
    check(group not in [one.group_id for one in admin.list_consumer_groups().result(PATIENCE_S).valid], 'still listed')


@case
def group_admin_offsets(env):
    topic, group = env.topic(2), env.fresh('g')
    admin = env.admin()
    partitions = [TopicPartition(topic, 0, 5), TopicPartition(topic, 1, 6)]
    done(admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, partitions)]))
    listed = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(PATIENCE_S)
    equal({0: 5, 1: 6}, {one.partition: one.offset for one in listed.topic_partitions}, 'offsets')


@case
def admin_topics(env):
    admin, topic = env.admin(), env.fresh('t')
    done(admin.create_topics([NewTopic(topic, 2, 1)]))
    equal(KafkaError.TOPIC_ALREADY_EXISTS, code(lambda: done(admin.create_topics([NewTopic(topic, 2, 1)]))), 'again')
    until('topic is known', lambda: topic in admin.list_topics(timeout=10).topics)
    done(admin.create_partitions([NewPartitions(topic, 5)]))
    until('five partitions', lambda: len(admin.list_topics(topic, 10).topics[topic].partitions) == 5)
    described = admin.describe_topics(TopicCollection([topic]))[topic].result(PATIENCE_S)
    equal(5, len(described.partitions), 'described partitions')
    done(admin.delete_topics([topic]))
    until('topic is gone', lambda: topic not in admin.list_topics(timeout=10).topics)


@case
def admin_configs(env):
    admin = env.admin()
    resource = ConfigResource(ResourceType.TOPIC, env.topic())
    entry = ConfigEntry('retention.ms', '4242', incremental_operation=AlterConfigOpType.SET)
    resource.add_incremental_config(entry)
    done(admin.incremental_alter_configs([resource]))
    plain = ConfigResource(ResourceType.TOPIC, resource.name)
    until('altered', lambda: admin.describe_configs([plain])[plain].result(PATIENCE_S)['retention.ms'].value == '4242')
    broker = ConfigResource(ResourceType.BROKER, str(next(iter(admin.list_topics(timeout=10).brokers))))
    check('num.partitions' in admin.describe_configs([broker])[broker].result(PATIENCE_S), 'broker configs')


@case
def admin_cluster_and_offsets_and_records(env):
    topic, admin = env.topic(), env.admin()
    env.send(topic, 10)
    cluster = admin.describe_cluster().result(PATIENCE_S)
    equal(1, len(cluster.nodes), 'nodes')
    check(cluster.cluster_id, 'cluster id')
    partition = TopicPartition(topic, 0)
    specs = {'latest': OffsetSpec.latest(), 'earliest': OffsetSpec.earliest(), 'max': OffsetSpec.max_timestamp()}
    found = {name: admin.list_offsets({partition: spec}, isolation_level=IsolationLevel.READ_UNCOMMITTED)[partition]
             .result(PATIENCE_S).offset for name, spec in specs.items()}
    equal((10, 0), (found['latest'], found['earliest']), 'latest and earliest')
    deleted = admin.delete_records([TopicPartition(topic, 0, 4)])
    equal(4, next(iter(deleted.values())).result(PATIENCE_S).low_watermark, 'low watermark')
    equal(b'v4', take(env.reader(topic), 6)[0].value(), 'first value left')


if __name__ == '__main__':
    main(make_env=Confluent)
