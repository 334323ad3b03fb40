#!/usr/bin/env bash
# Remakes the golden directories here with the real Apache Kafka 4.3.1: one broker, Make.java,
# a clean stop. Needs java 17 and KAFKA_LIB, a directory with the jars of kafka_2.13 and kafka-tools.
set -euo pipefail
cd "$(dirname "$0")"
LIB=${KAFKA_LIB:-$HOME/.cache/peers/kafka-4.3.1/lib}
[ -d "$LIB" ] || { echo "no jars in $LIB (set KAFKA_LIB)" >&2; exit 2; }
WORK=$(mktemp -d)
BROKER=
cleanup() { [ -z "$BROKER" ] || kill "$BROKER" 2>/dev/null || true; rm -rf "$WORK"; }
trap cleanup EXIT
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
PORT=$(free_port) CONTROLLER=$(free_port)
cat >"$WORK/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$PORT,CONTROLLER://127.0.0.1:$CONTROLLER
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:$CONTROLLER
log.dirs=$WORK/data
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
PROPERTIES
run() { java -Xmx512m -Dlog4j2.level=ERROR -cp "$LIB/*" "$@"; }
run kafka.tools.StorageTool format --standalone -t AAAAAAAAQACAAAAAAAAAAQ -c "$WORK/server.properties" >"$WORK/format.out"
java -Xmx512m -Dlog4j2.level=ERROR -cp "$LIB/*" kafka.Kafka "$WORK/server.properties" >"$WORK/broker.out" 2>&1 &
BROKER=$!
run Make.java "127.0.0.1:$PORT"
kill "$BROKER"; wait "$BROKER" || true; BROKER=

rm -rf clean
mkdir clean
(cd "$WORK/data" && cp -r .kafka_cleanshutdown meta.properties ./*-checkpoint plain-0 txn-0 appendtime-0 \
    gzip-0 snappy-0 lz4-0 zstd-0 empty-0 empty-1 __consumer_offsets-0 __transaction_state-0 "$OLDPWD/clean/" 2>/dev/null) || true
du -sh clean
