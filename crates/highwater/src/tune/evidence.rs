//! What kind of disk was measured, and what that means for a choice.
//!
//! Each sentence names what it was told by: a mount, a limit, a figure.

use crate::report::units::{Unit, show};
use crate::report::{BlockQueue, Experiment, IoLimit, Machine, Storage, StorageKind};

use super::{Plan, sustained_rate, sustained_rates};

/// What figures of this disk may decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Any engine may be chosen.
    All,
    /// Only engines that write through the page cache by calls: what a mapping or direct I/O does is up to somebody else.
    Calls,
    /// Nothing: they are not a disk's.
    Nothing,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) sentences: Vec<String>,
    pub(super) trust: Trust,
}

/// A rate below this part of what it was at first has fallen.
const FALLEN: f64 = 0.6;
/// A rate this near to a limit is the limit.
const NEAR: f64 = 0.25;

pub(super) fn of(plan: &Plan, machine: &Machine, experiments: &[Experiment]) -> Evidence {
    let mut sentences = Vec::new();
    let mut trust = Trust::All;
    let rate = sustained_rate(experiments);
    if let Some(storage) = &machine.storage {
        trust = kind(storage, &mut sentences);
        limits(storage, rate, &mut sentences);
        if let Some(queue) = &storage.queue {
            device(queue, &mut sentences);
        }
        mount_options(storage, &mut sentences);
    }
    if trust != Trust::Nothing {
        sentences.extend(fallen(&sustained_rates(experiments)));
        sentences.extend(too_much(plan, rate));
    }
    machine_is_busy(machine, &mut sentences);
    Evidence { sentences, trust }
}

fn kind(storage: &Storage, sentences: &mut Vec<String>) -> Trust {
    let filesystem = storage
        .filesystem
        .as_deref()
        .unwrap_or("an unknown file system");
    match storage.kind {
        StorageKind::Memory => {
            let what = match (&storage.queue, &storage.backing_file) {
                (Some(queue), Some(file)) => {
                    format!("{}, whose file {file} lies in memory", queue.device)
                }
                (Some(queue), None) => format!("{}, a disk made of memory", queue.device),
                _ => filesystem.to_owned(),
            };
            sentences.push(format!(
                "{} is on {what}: a sync keeps nothing and all is gone when the machine stops, so these figures say nothing \
                 about a disk; name a directory on the disk that the data will lie on",
                storage.dir
            ));
            Trust::Nothing
        }
        StorageKind::Network => {
            sentences.push(format!(
                "{filesystem} is a network file system: a sync takes as long as the network and the server like, and a mapped \
                 page may fail long after it was written; mmap and direct are not chosen here whatever their figures"
            ));
            Trust::Calls
        }
        StorageKind::Layered => {
            sentences.push(format!(
                "{filesystem} lies over another file system or a program: what a mapping or direct I/O does there is up to \
                 that; mmap and direct are not chosen here whatever their figures"
            ));
            Trust::Calls
        }
        StorageKind::Loop => {
            let file = storage.backing_file.as_deref().unwrap_or("a file");
            sentences.push(format!(
                "the disk is a loop device over {file}: what is written passes the page cache of the file system below, too, \
                 and direct is direct only as far as that"
            ));
            Trust::All
        }
        StorageKind::Disk | StorageKind::Unknown => Trust::All,
    }
}

fn limits(storage: &Storage, rate: Option<f64>, sentences: &mut Vec<String>) {
    for limit in &storage.io_limits {
        let mut text = format!("the control group of this process limits the device: {limit}");
        if let (
            IoLimit {
                writes: true,
                bytes: true,
                per_second,
            },
            Some(rate),
        ) = (*limit, rate)
        {
            let measured = show(rate, Unit::BytesPerSecond);
            let share = rate / per_second as f64;
            text.push_str(&match share {
                _ if (share - 1.0).abs() <= NEAR => format!(
                    "; {measured} were measured, so it is the limit that was measured and not the disk"
                ),
                _ if share > 1.0 => format!(
                    "; {measured} were measured all the same: it does not reach what the kernel writes back by itself"
                ),
                _ => format!("; {measured} were measured, less than that"),
            });
        }
        text.push_str("; the choice holds under this limit only");
        sentences.push(text);
    }
}

/// Disks that are a service: model, and whose.
const RENTED: [(&str, &str); 4] = [
    ("Elastic Block Store", "Amazon's EBS"),
    ("PersistentDisk", "Google's Persistent Disk"),
    ("nvme_card-pd", "Google's Persistent Disk"),
    ("Virtual Disk", "a virtual disk of Microsoft's"),
];

fn device(queue: &BlockQueue, sentences: &mut Vec<String>) {
    let model = queue.model.as_deref().unwrap_or_default();
    let rented = RENTED.iter().find(|(name, _)| model.contains(name));
    if let Some((_, whose)) = rented {
        sentences.push(format!(
            "{} is {whose}, by its model {model:?}: it is on a network, and its rate may fall after minutes to hours when \
             credits are used up, which a short run does not see",
            queue.device
        ));
    }
    if ["nbd", "rbd", "drbd"]
        .iter()
        .any(|name| queue.device.starts_with(name))
    {
        sentences.push(format!(
            "{} is a disk over a network: a sync takes as long as that likes",
            queue.device
        ));
    }
    if queue.rotational == Some(true) && model_turns(queue) {
        sentences.push(format!(
            "{} says that it turns: a sync takes a turn, some 4 to 11 ms",
            queue.device
        ));
    }
}

/// Virtual and loop devices call themselves rotational by default.
fn model_turns(queue: &BlockQueue) -> bool {
    queue.device.starts_with("sd")
        && queue
            .model
            .as_deref()
            .is_some_and(|model| !model.contains("QEMU") && !model.contains("Virtual"))
}

fn mount_options(storage: &Storage, sentences: &mut Vec<String>) {
    let options = storage.mount_options.as_deref().unwrap_or_default();
    let has = |wanted: &str| options.split([',', ';', ' ']).any(|one| one == wanted);
    if has("nobarrier") || has("barrier=0") {
        sentences.push(
            "it is mounted without barriers: a sync does not reach the disk, so what looks durable here is not; see \
             `highwater doctor`"
                .to_owned(),
        );
    }
}

/// A rate that is level at first and lower in the end.
fn fallen(rates: &[f64]) -> Option<String> {
    let quarter = rates.len() / 4;
    if quarter < 3 {
        return None;
    }
    let (first, last) = (rates.get(..quarter)?, rates.get(rates.len() - quarter..)?);
    let least = first.iter().copied().fold(f64::INFINITY, f64::min);
    let most = last.iter().copied().fold(0.0, f64::max);
    (most < least * FALLEN).then(|| {
        format!(
            "the rate fell during the run: at least {} in the first quarter of the time, at most {} in the last. Credits that \
             are used up, a full write cache of the disk or a neighbour do that; figures from before say little about later, so \
             run again with a longer --seconds",
            show(least, Unit::BytesPerSecond),
            show(most, Unit::BytesPerSecond)
        )
    })
}

fn too_much(plan: &Plan, rate: Option<f64>) -> Option<String> {
    let asked = plan.message_bytes as f64 * f64::from(plan.rate_per_s);
    let rate = rate?;
    (asked > rate).then(|| {
        format!(
            "{} messages a second of {} are {}, and the disk takes {} for longer than a moment: no engine keeps that up",
            plan.rate_per_s,
            show(plan.message_bytes as f64, Unit::Bytes),
            show(asked, Unit::BytesPerSecond),
            show(rate, Unit::BytesPerSecond)
        )
    })
}

fn machine_is_busy(machine: &Machine, sentences: &mut Vec<String>) {
    if let (Some(load), Some(cores)) = (machine.load, machine.cores)
        && load > f64::from(cores) / 2.0
    {
        sentences.push(format!(
            "the machine was busy when the run began (load {load:.1} on {cores} cores): a sync waits for the scheduler then, \
             not only for the disk"
        ));
    }
    if machine
        .build
        .as_deref()
        .is_some_and(|build| build.starts_with("debug"))
    {
        sentences.push(
            "this is a debug build: its own work is many times that of a release build".to_owned(),
        );
    }
}
