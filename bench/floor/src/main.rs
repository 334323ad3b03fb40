//! The floor: a server that receives the frames of a Kafka producer and answers them from a constant.
//!
//! It runs as Highwater does, one single-threaded runtime per core, and does nothing with the records: no checksum, no
//! log, no disk. What it costs is the kernel's and the runtime's share, which no broker on this machine can go below.
//! Any topic a client names exists, with as many partitions as the number after the last dash in its name (else 1).
//!
//! With a directory it also writes what it receives: the bytes of each partition at the end of a file, one `pwrite` a
//! batch, no checksum, no index, nothing kept in mind. That is the least a broker can do that keeps its log in files by
//! plain writes. With `--sync` it syncs the files it wrote before it answers, once for all frames that had arrived.
//!
//! `floor ADDRESS [DIRECTORY [--sync]]`

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use kafka_wire::{
    ApiKey, ApiVersionsResponse, InitProducerIdResponse, Message, MetadataRequest,
    MetadataResponse, Reader, RequestHeader, WireError, Writer, encode_response, messages,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Largest frame taken, and how much of the read buffer is kept for the next one.
const FRAME_BYTES_MAX: usize = 104_857_600;
const READ_BYTES: usize = 64 * 1024;
/// Zeros are written to the next multiple of this.
const AHEAD_BYTES: u64 = 64 * 1024;
/// Highest version of each API that it speaks; the lowest are Kafka's own.
const VERSIONS: &[(ApiKey, i16, i16)] = &[
    (ApiKey::Produce, 0, 11),
    (ApiKey::Metadata, 0, 12),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::InitProducerId, 0, 4),
    // Named because librdkafka derives what a broker can do from the presence of these.
    (ApiKey::Fetch, 4, 11),
    (ApiKey::ListOffsets, 1, 7),
];

struct Floor {
    host: String,
    port: u16,
    /// Where what is received is written, if it is.
    directory: Option<PathBuf>,
    sync: bool,
    connections: AtomicU64,
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let address = args
        .next()
        .context("usage: floor ADDRESS [DIRECTORY [--sync]]")?;
    let directory = args.next().map(PathBuf::from);
    let sync = args.next().is_some_and(|word| word == "--sync");
    let (host, port) = address.rsplit_once(':').context("ADDRESS is HOST:PORT")?;
    let floor = Arc::new(Floor {
        host: host.to_owned(),
        port: port.parse()?,
        directory,
        sync,
        connections: AtomicU64::new(0),
    });
    let listener = std::net::TcpListener::bind(&address)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let senders: Vec<_> = (0..cores).map(|_| worker(Arc::clone(&floor))).collect();
    for at in (0..cores).cycle() {
        let (stream, _) = listener.accept()?;
        if let Some(sender) = senders.get(at) {
            sender.send(stream)?;
        }
    }
    Ok(())
}

/// A thread with its own runtime, serving the connections it is sent.
fn worker(floor: Arc<Floor>) -> tokio::sync::mpsc::UnboundedSender<std::net::TcpStream> {
    let (sender, mut connections) = tokio::sync::mpsc::unbounded_channel::<std::net::TcpStream>();
    std::thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            while let Some(stream) = connections.recv().await {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                let (stream, floor) = (TcpStream::from_std(stream)?, Arc::clone(&floor));
                tokio::spawn(async move { serve(stream, &floor).await });
            }
            Ok(())
        })
    });
    sender
}

/// Answers one connection until it ends.
async fn serve(mut stream: TcpStream, floor: &Floor) -> Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    let mut filled = 0;
    let mut answers = Writer::new();
    let mut files = Files::new(floor);
    loop {
        let read = stream
            .read(buffer.get_mut(filled..).unwrap_or_default())
            .await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let mut taken = 0;
        while let Some(frame) = frame(buffer.get(taken..filled).unwrap_or_default())? {
            floor.answer(frame, &mut files, &mut answers)?;
            taken += 4 + frame.len();
        }
        files.settle()?;
        if !answers.is_empty() {
            stream.write_all(answers.as_slice()).await?;
            answers.clear();
        }
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
        let wanted = announced(buffer.get(..filled).unwrap_or_default())?;
        if wanted > buffer.len() {
            buffer.resize(wanted, 0);
        } else if filled == 0 && buffer.len() > 16 * READ_BYTES {
            buffer = vec![0; READ_BYTES];
        }
    }
}

/// Bytes that the frame at the start of `bytes` takes in all, 0 when its length is not there yet.
fn announced(bytes: &[u8]) -> Result<usize> {
    let Some(length) = bytes.first_chunk::<4>() else {
        return Ok(0);
    };
    let length = usize::try_from(i32::from_be_bytes(*length))?;
    ensure!(length <= FRAME_BYTES_MAX, "frame of {length} bytes");
    Ok(4 + length)
}

/// The first whole frame, without its length.
fn frame(bytes: &[u8]) -> Result<Option<&[u8]>> {
    let whole = announced(bytes)?;
    Ok(if whole == 0 {
        None
    } else {
        bytes.get(4..whole)
    })
}

/// The files of one connection, one for each partition it sends to; a new connection begins new ones.
struct Files<'a> {
    floor: &'a Floor,
    connection: u64,
    open: HashMap<(String, i32), Log>,
    unsynced: Vec<(String, i32)>,
}

struct Log {
    file: File,
    end: u64,
    /// Below it something was written, if only zeros.
    used: u64,
}

impl Log {
    /// With zeros ahead of small appends, which cost less than what they save.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let len = u64::try_from(bytes.len())?;
        let end = self.end + len;
        if end > self.used && len < AHEAD_BYTES {
            let zeros =
                vec![0; usize::try_from((end / AHEAD_BYTES + 1) * AHEAD_BYTES - self.used)?];
            self.file.write_all_at(&zeros, self.used)?;
            self.used += u64::try_from(zeros.len())?;
        }
        self.file.write_all_at(bytes, self.end)?;
        self.used = self.used.max(end);
        self.end = end;
        Ok(())
    }
}

impl<'a> Files<'a> {
    fn new(floor: &'a Floor) -> Self {
        Self {
            floor,
            connection: floor.connections.fetch_add(1, Ordering::Relaxed),
            open: HashMap::new(),
            unsynced: Vec::new(),
        }
    }

    fn append(&mut self, topic: &str, partition: i32, bytes: &[u8]) -> Result<()> {
        let Some(directory) = &self.floor.directory else {
            return Ok(());
        };
        let name = (topic.to_owned(), partition);
        if self.floor.sync && !self.unsynced.contains(&name) {
            self.unsynced.push(name.clone());
        }
        match self.open.entry(name) {
            std::collections::hash_map::Entry::Occupied(found) => found.into_mut().append(bytes),
            std::collections::hash_map::Entry::Vacant(slot) => {
                let name = format!("{}-{topic}-{partition}", self.connection);
                let log = Log {
                    file: File::create_new(directory.join(name))?,
                    end: 0,
                    used: 0,
                };
                slot.insert(log).append(bytes)
            }
        }
    }

    /// Syncs what was written since the last call, where that is asked for.
    fn settle(&mut self) -> Result<()> {
        for name in self.unsynced.drain(..) {
            if let Some(log) = self.open.get(&name) {
                log.file.sync_data()?;
            }
        }
        Ok(())
    }
}

impl Floor {
    fn answer(&self, frame: &[u8], files: &mut Files<'_>, out: &mut Writer) -> Result<()> {
        let mut reader = Reader::new(frame);
        let header = RequestHeader::decode(&mut reader)?;
        let (id, version) = (header.correlation_id, header.api_version);
        match ApiKey::from_i16(header.api_key) {
            Some(ApiKey::Produce) => produced(&mut reader, id, version, files, out)?,
            Some(ApiKey::Metadata) => self.metadata(&mut reader, id, version, out)?,
            Some(ApiKey::ApiVersions) => {
                let known = (0..=4).contains(&version);
                let response = ApiVersionsResponse {
                    error_code: if known { 0 } else { 35 },
                    api_keys: VERSIONS
                        .iter()
                        .map(
                            |(key, min, max)| messages::api_versions_response::ApiVersion {
                                api_key: key.to_i16(),
                                min_version: *min,
                                max_version: *max,
                            },
                        )
                        .collect(),
                    ..ApiVersionsResponse::default()
                };
                encode_response(out, id, if known { version } else { 0 }, &response)?;
            }
            Some(ApiKey::InitProducerId) => {
                let response = InitProducerIdResponse {
                    producer_id: 1,
                    ..InitProducerIdResponse::default()
                };
                encode_response(out, id, version, &response)?;
            }
            _ => anyhow::bail!("API {} is not part of the floor", header.api_key),
        }
        Ok(())
    }

    fn metadata(
        &self,
        reader: &mut Reader<'_>,
        id: i32,
        version: i16,
        out: &mut Writer,
    ) -> Result<()> {
        let request = MetadataRequest::decode(reader, version)?;
        let partition = |partition_index| messages::metadata_response::MetadataResponsePartition {
            partition_index,
            leader_id: 1,
            leader_epoch: 0,
            replica_nodes: vec![1],
            isr_nodes: vec![1],
            ..messages::metadata_response::MetadataResponsePartition::default()
        };
        let topics = request.topics.unwrap_or_default().into_iter().map(|topic| {
            messages::metadata_response::MetadataResponseTopic {
                partitions: (0..partitions(topic.name.as_deref()))
                    .map(partition)
                    .collect(),
                name: topic.name,
                topic_id: topic.topic_id,
                ..messages::metadata_response::MetadataResponseTopic::default()
            }
        });
        let response = MetadataResponse {
            brokers: vec![messages::metadata_response::MetadataResponseBroker {
                node_id: 1,
                host: Cow::Borrowed(&self.host),
                port: i32::from(self.port),
                ..messages::metadata_response::MetadataResponseBroker::default()
            }],
            cluster_id: Some(Cow::Borrowed("floor")),
            controller_id: 1,
            topics: topics.collect(),
            ..MetadataResponse::default()
        };
        Ok(encode_response(out, id, version, &response)?)
    }
}

fn partitions(topic: Option<&str>) -> i32 {
    let number = topic
        .and_then(|name| name.rsplit_once('-'))
        .and_then(|(_, number)| number.parse().ok());
    number.unwrap_or(1)
}

/// Walks over the partitions of a produce request, writes their bytes if they are to be written, and says of each that it is
/// stored.
fn produced(
    reader: &mut Reader<'_>,
    id: i32,
    version: i16,
    files: &mut Files<'_>,
    out: &mut Writer,
) -> Result<()> {
    let flexible = version >= 9;
    reader.nullable_string(flexible)?;
    let acks = reader.i16()?;
    reader.i32()?;
    let slot = out.reserve_length();
    let began = out.len() - 4;
    out.i32(id);
    if flexible {
        out.uvarint(0);
    }
    let topics = reader.nullable_count(flexible, 2)?.unwrap_or_default();
    out.count(Some(topics), flexible)?;
    for _ in 0..topics {
        let topic = reader.string(flexible)?;
        out.string(&topic, flexible)?;
        let partitions = reader.nullable_count(flexible, 4)?.unwrap_or_default();
        out.count(Some(partitions), flexible)?;
        for _ in 0..partitions {
            let index = reader.i32()?;
            let records = reader.nullable_bytes(flexible)?.unwrap_or_default();
            files.append(&topic, index, &records)?;
            out.i32(index);
            stored(reader, version, flexible, out)?;
        }
        end_of_struct(reader, out, flexible)?;
    }
    out.i32(0);
    if flexible {
        out.uvarint(0);
    }
    if acks == 0 {
        out.truncate(began);
        return Ok(());
    }
    Ok(out.patch_length(slot, 0)?)
}

/// What follows the number of a partition in an answer, and what follows its records in the request.
fn stored(
    reader: &mut Reader<'_>,
    version: i16,
    flexible: bool,
    out: &mut Writer,
) -> Result<(), WireError> {
    out.i16(0);
    out.i64(0);
    out.i64(-1);
    if version >= 5 {
        out.i64(0);
    }
    if version >= 8 {
        out.count(Some(0), flexible)?;
        out.nullable_string(None, flexible)?;
    }
    end_of_struct(reader, out, flexible)
}

fn end_of_struct(
    reader: &mut Reader<'_>,
    out: &mut Writer,
    flexible: bool,
) -> Result<(), WireError> {
    if flexible {
        reader.skip_tagged_fields()?;
        out.uvarint(0);
    }
    Ok(())
}
