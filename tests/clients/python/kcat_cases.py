"""Cases of kcat: the command as the distribution packages it, on an old librdkafka."""
import json
import subprocess

from driver import PATIENCE_S, Env, case, check, equal, main


class Kcat(Env):
    def run(self, *args, stdin=b'', ok=True):
        """Runs kcat and returns what it printed."""
        command = ['kcat', '-b', self.bootstrap, *args]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=PATIENCE_S, check=False)
        check((done.returncode == 0) == ok, f'{command} ended with {done.returncode}: {done.stderr.decode()}')
        return done.stdout.decode() if ok else done.stderr.decode()

    def produce(self, topic, text, *args):
        self.run('-P', '-t', topic, *args, stdin=text.encode())

    def consume(self, topic, *args):
        return self.run('-C', '-q', '-e', '-t', topic, *args)


@case
def produce_and_consume(env):
    topic, lines = env.fresh('t'), ''.join(f'line {i}\n' for i in range(1000))
    env.produce(topic, lines)
    equal(lines, env.consume(topic), 'lines')


@case
def list_metadata(env):
    topic = env.fresh('t')
    env.produce(topic, 'x\n')
    listed = json.loads(env.run('-L', '-J'))
    equal(1, len(listed['brokers']), 'brokers')
    check(topic in [one['topic'] for one in listed['topics']], 'topic is listed')
    equal(topic, json.loads(env.run('-L', '-J', '-t', topic))['topics'][0]['topic'], 'one topic')


@case
def keys_headers_and_format(env):
    topic = env.fresh('t')
    env.produce(topic, 'k1:v1\nk2:v2\n', '-K:', '-H', 'a=1', '-H', 'b=2', '-p', '0')
    equal('0 k1 v1 a=1,b=2\n1 k2 v2 a=1,b=2\n', env.consume(topic, '-f', '%o %k %s %h\n'), 'formatted')


@case
def every_codec(env):
    topic = env.fresh('t')
    for codec in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
        env.produce(topic, ''.join(f'{codec} {i} {"x" * 200}\n' for i in range(100)), '-z', codec)
    equal(500, env.consume(topic).count('\n'), 'lines')


@case
def null_values(env):
    topic = env.fresh('t')
    env.produce(topic, 'key:\n', '-K:', '-Z')
    equal('key NULL\n', env.consume(topic, '-Z', '-f', '%k %s\n'), 'null value')


@case
def offsets_from_and_count(env):
    topic = env.fresh('t')
    env.produce(topic, ''.join(f'{i}\n' for i in range(100)), '-p', '0')
    equal('90\n91\n92\n', env.consume(topic, '-o', '90', '-c', '3', '-p', '0'), 'three from 90')
    equal('98\n99\n', env.consume(topic, '-o', '-2', '-p', '0'), 'last two')


@case
def query_offset_by_time(env):
    topic = env.fresh('t')
    env.produce(topic, 'a\nb\n', '-p', '0')
    told = env.run('-Q', '-t', f'{topic}:0:0')
    check(told.strip().endswith('offset 0'), told)


@case
def acks_0_1_all(env):
    topic = env.fresh('t')
    for acks in ('0', '1', 'all'):
        env.produce(topic, f'{acks}\n', '-X', f'acks={acks}', '-p', '0')
    equal(['0', '1', 'all'], sorted(env.consume(topic).split()), 'lines')


@case
def idempotent(env):
    topic = env.fresh('t')
    lines = ''.join(f'{i}\n' for i in range(5000))
    env.produce(topic, lines, '-X', 'enable.idempotence=true', '-p', '0')
    equal(lines, env.consume(topic), 'lines')


@case
def balanced_group(env):
    topic, group = env.fresh('t'), env.fresh('g')
    env.produce(topic, ''.join(f'{i}\n' for i in range(50)))
    first = env.run('-q', '-c', '50', '-X', 'auto.offset.reset=earliest', '-G', group, topic)
    equal(50, first.count('\n'), 'lines read by the group')
    env.produce(topic, 'next\n')
    second = env.run('-q', '-c', '1', '-X', 'auto.offset.reset=earliest', '-G', group, topic)
    equal('next\n', second, 'read after the commit')


if __name__ == '__main__':
    main(make_env=Kcat)
