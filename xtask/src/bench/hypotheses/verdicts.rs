//! The claims, and how the data of a run decides each of them.
//!
//! A verdict is a function of the data and of nothing else. Where spreads overlap nothing is decided in either direction,
//! and the verdict says so.

mod mappings;
mod rates;
mod stores;

use super::data::{Data, Missing};
use super::show::spread;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Holds,
    HoldsWithALimit,
    Refuted,
    Undecided,
    NotTestable,
}

impl Word {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::HoldsWithALimit => "holds with a limit",
            Self::Refuted => "refuted",
            Self::Undecided => "not decided",
            Self::NotTestable => "not testable here",
        }
    }
}

/// A word, and the figures that led to it.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) word: Word,
    pub(super) figures: String,
}

type Decided = Result<Verdict, Missing>;

/// The command that measures a claim.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// `bench io` with these experiments.
    Io(&'static str),
    /// `bench mapping`, five times.
    Mapping,
    /// `bench io --only limited` with files of several sizes.
    Sizes,
    /// Nothing can, here.
    Nobody,
}

/// A claim.
pub(super) struct Claim {
    pub(super) id: &'static str,
    pub(super) text: &'static str,
    /// What measures it.
    pub(super) by: By,
    pub(super) decide: fn(&Data) -> Decided,
}

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;

fn verdict(word: Word, figures: impl Into<String>) -> Decided {
    Ok(Verdict {
        word,
        figures: figures.into(),
    })
}

fn one_kernel(_: &Data) -> Decided {
    verdict(Word::NotTestable, "there is one kernel here")
}

fn kswapd(_: &Data) -> Decided {
    verdict(
        Word::NotTestable,
        "kswapd frees memory for the whole machine only; a writer at the limit of its group frees by itself. It would take a \
         file larger than all memory, on a machine that nobody else uses",
    )
}

fn neighbours(_: &Data) -> Decided {
    verdict(
        Word::NotTestable,
        "a neighbour suffers when the memory of the whole machine is short, and filling that would harm whoever else is on it",
    )
}

fn throttled(_: &Data) -> Decided {
    verdict(
        Word::NotTestable,
        "the limit is one of the whole machine (`vm.dirty_ratio`), far above what a run writes, and no command of ours changes \
         a setting of the kernel",
    )
}

/// Only a device that needs pages to stand still while they are written makes anybody wait.
fn stable_pages(data: &Data) -> Decided {
    let (device, needs) = data.stable_writes()?;
    match needs {
        false => verdict(
            Word::NotTestable,
            format!(
                "{device} needs no stable pages (`queue/stable_writes` is 0), so nobody waits for a page under write-back"
            ),
        ),
        true => Err(format!(
            "{device} needs stable pages, and no experiment tells those waits apart"
        )),
    }
}

/// All claims, in order.
pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "H1",
        text: "mmap saves one copy; that matters only near memory bandwidth",
        by: By::Io("lease-resident write-cold"),
        decide: rates::one_copy,
    },
    Claim {
        id: "H2",
        text: "a disk's sequential rate is within 10 times of memcpy",
        by: By::Io("write-resident write-cold"),
        decide: rates::disk_and_memory,
    },
    Claim {
        id: "H3",
        text: "the page cache survives a process crash, user buffers do not",
        by: By::Io("killed"),
        decide: stores::killed,
    },
    Claim {
        id: "H4",
        text: "a mapping much larger than memory is fine when it is shared",
        by: By::Mapping,
        decide: mappings::shared_is_fine,
    },
    Claim {
        id: "H5",
        text: "fixed read buffers cost moves of records cut by their ends",
        by: By::Io("parse"),
        decide: stores::moved_records,
    },
    Claim {
        id: "H6",
        text: "mapped writes stall long when the file is much larger than memory; plain I/O is steadier",
        by: By::Io("limited"),
        decide: stalls,
    },
    Claim {
        id: "H7",
        text: "kswapd takes a whole core and is the bottleneck",
        by: By::Nobody,
        decide: kswapd,
    },
    Claim {
        id: "H8",
        text: "the more memory, the worse the stalls; slicing helps",
        by: By::Sizes,
        decide: stores::more_memory,
    },
    Claim {
        id: "H9",
        text: "containers do not isolate the page cache",
        by: By::Nobody,
        decide: neighbours,
    },
    Claim {
        id: "H10",
        text: "`max_map_count` bites with many mapped files",
        by: By::Mapping,
        decide: mappings::count,
    },
    Claim {
        id: "H11",
        text: "the limit of 2 GiB a mapping is Java's",
        by: By::Mapping,
        decide: mappings::large,
    },
    Claim {
        id: "H12",
        text: "the table of mapping flags under memory pressure",
        by: By::Mapping,
        decide: mappings::flags,
    },
    Claim {
        id: "H13",
        text: "a fault brings a page, sometimes more",
        by: By::Io("read-cached write-cached"),
        decide: pages_a_fault,
    },
    Claim {
        id: "H14",
        text: "cached reads: mmap leads below 64 MiB blocks, file I/O from there",
        by: By::Io("read-resident"),
        decide: |data| rates::crossing(data, "read-resident", Some(64.0 * MIB)),
    },
    Claim {
        id: "H15",
        text: "cached writes: mmap leads below 64 MiB blocks, file I/O from there",
        by: By::Io("write-resident"),
        decide: |data| rates::crossing(data, "write-resident", Some(64.0 * MIB)),
    },
    Claim {
        id: "H16",
        text: "reads of a hole: mmap leads below 4 KiB blocks, file I/O from there",
        by: By::Io("read-hole"),
        decide: |data| rates::crossing(data, "read-hole", Some(4.0 * KIB)),
    },
    Claim {
        id: "H17",
        text: "writes to a hole: mmap always leads",
        by: By::Io("write-hole"),
        decide: |data| rates::crossing(data, "write-hole", None),
    },
    Claim {
        id: "H18",
        text: "a page fault costs more than a system call",
        by: By::Io("touch read-resident"),
        decide: fault_and_call,
    },
    Claim {
        id: "H19",
        text: "file writes get faster with the block, up to 64 KiB",
        by: By::Io("write-resident"),
        decide: rates::best_block,
    },
    Claim {
        id: "H20",
        text: "writing a page under write-back blocks",
        by: By::Nobody,
        decide: stable_pages,
    },
    Claim {
        id: "H21",
        text: "after write-back every mapped page faults again, locked or not",
        by: By::Io("touch"),
        decide: written_back,
    },
    Claim {
        id: "H22",
        text: "`mlock` alone warms a mapping up",
        by: By::Io("touch"),
        decide: locked_only,
    },
    Claim {
        id: "H23",
        text: "locked private memory still faults at the first store",
        by: By::Mapping,
        decide: mappings::locked,
    },
    Claim {
        id: "H24",
        text: "a staging buffer removes the spikes of mapped writes",
        by: By::Io("paced"),
        decide: spikes,
    },
    Claim {
        id: "H25",
        text: "above `dirty_ratio` writers are throttled, either way",
        by: By::Nobody,
        decide: throttled,
    },
    Claim {
        id: "H26",
        text: "mapped writes for small transfers, `sendfile` for large ones",
        by: By::Io("transfer"),
        decide: rates::transfers,
    },
    Claim {
        id: "H27",
        text: "making the next segments ahead hides the roll",
        by: By::Io("roll"),
        decide: stores::rolls,
    },
    Claim {
        id: "H28",
        text: "index files want a mapping",
        by: By::Io("search-resident search-cold"),
        decide: searches,
    },
    Claim {
        id: "H29",
        text: "mapping every segment eats memory",
        by: By::Mapping,
        decide: mappings::tables,
    },
    Claim {
        id: "H30",
        text: "sequential file I/O is enough for a log",
        by: By::Io("write-growing write-cold"),
        decide: rates::file_is_enough,
    },
    Claim {
        id: "H31",
        text: "mapped writes need no system call and no copy once they are warm",
        by: By::Io("write-resident"),
        decide: rates::warm_stores,
    },
    Claim {
        id: "H32",
        text: "new kernels behave far better than 3.x",
        by: By::Nobody,
        decide: one_kernel,
    },
];

fn stalls(data: &Data) -> Decided {
    let worst = |engine: &str| {
        data.called("limited", engine, "write and sync")?
            .beside("worst append")
    };
    let (mmap, file) = (worst("mmap")?, worst("file")?);
    let word = if mmap.is_above(&file) {
        Word::Holds
    } else if file.is_above(&mmap) {
        Word::Refuted
    } else {
        Word::Undecided
    };
    let staged = worst("staged").map_or_else(|why| why, |staged| spread(staged, "ns"));
    verdict(
        word,
        format!(
            "worst append: mmap {}, file {}, staged {staged}",
            spread(mmap, "ns"),
            spread(file, "ns")
        ),
    )
}

fn pages_a_fault(data: &Data) -> Decided {
    let read = data
        .at("read-cached", "mmap", 4.0 * KIB)?
        .beside("faults/MiB")?;
    let write = data
        .at("write-cached", "mmap", 4.0 * KIB)?
        .beside("faults/MiB")?;
    let more = read.max < 250.0 || write.max < 250.0;
    let single = read.min > 250.0 && write.min > 250.0;
    let word = if more {
        Word::Holds
    } else if single {
        Word::HoldsWithALimit
    } else {
        Word::Undecided
    };
    verdict(
        word,
        format!(
            "faults a MiB (256 pages): reading {}, writing {}",
            spread(read, ""),
            spread(write, "")
        ),
    )
}

fn fault_and_call(data: &Data) -> Decided {
    let call = data
        .at("read-resident", "file", 64.0)?
        .beside("an operation")?;
    let mut above = 0;
    let mut figures = vec![format!("`pread` of 64 B {}", spread(call, "ns"))];
    let cases = ["hole", "cached", "written back"];
    for case in cases {
        let point = data.called("touch", "mapping", case)?;
        let faults = point.beside("faults/page")?.median;
        let fault = point.value()?.by(faults.max(f64::MIN_POSITIVE));
        above += usize::from(fault.is_above(&call));
        figures.push(format!(
            "a store's fault, {case}: {}, {} pages",
            spread(fault, "ns"),
            super::show::number(1.0 / faults)
        ));
    }
    let word = match above {
        0 => Word::Refuted,
        n if n == cases.len() => Word::Holds,
        _ => Word::HoldsWithALimit,
    };
    verdict(word, figures.join("; "))
}

fn written_back(data: &Data) -> Decided {
    let faults = |case| data.called("touch", "mapping", case)?.beside("faults/page");
    let (free, locked) = (faults("written back")?, faults("written back, locked")?);
    let ns = data.called("touch", "mapping", "written back")?.value()?;
    let word = match (free.min > 0.9, locked.min > 0.9) {
        (true, true) => Word::Holds,
        _ if free.max < 0.1 && locked.max < 0.1 => Word::Refuted,
        _ => Word::HoldsWithALimit,
    };
    verdict(
        word,
        format!(
            "faults a page: {}, locked {}; {} a page",
            spread(free, ""),
            spread(locked, ""),
            spread(ns, "ns")
        ),
    )
}

fn locked_only(data: &Data) -> Decided {
    let locked = data.called("touch", "mapping", "locked only")?;
    let populated = data.called("touch", "mapping", "populated")?;
    let faults = locked.beside("faults/page")?;
    let word = match (faults.max < 0.1, faults.min > 0.9) {
        (true, _) => Word::Holds,
        (_, true) => Word::Refuted,
        _ => Word::HoldsWithALimit,
    };
    verdict(
        word,
        format!(
            "first store after mlock: {} a page, {} faults; after populating {}",
            spread(locked.value()?, "ns"),
            spread(faults, ""),
            spread(populated.value()?, "ns")
        ),
    )
}

fn spikes(data: &Data) -> Decided {
    let at = |engine: &str, label: &str| data.called("paced", engine, label)?.value();
    let mut better = 0;
    let mut figures = Vec::new();
    for label in ["p99.99", "max"] {
        let (mmap, staged) = (at("mmap", label)?, at("staged", label)?);
        better += usize::from(mmap.is_above(&staged));
        if staged.is_above(&mmap) {
            return verdict(
                Word::Refuted,
                format!(
                    "{label}: mmap {}, staged {}",
                    spread(mmap, "ns"),
                    spread(staged, "ns")
                ),
            );
        }
        figures.push(format!(
            "{label}: mmap {}, staged {}",
            spread(mmap, "ns"),
            spread(staged, "ns")
        ));
    }
    let word = match better {
        2 => Word::Holds,
        1 => Word::HoldsWithALimit,
        _ => Word::Undecided,
    };
    verdict(word, figures.join("; "))
}

fn searches(data: &Data) -> Decided {
    let mut figures = Vec::new();
    let mut leads = Vec::new();
    for id in ["search-resident", "search-cold"] {
        let (mmap, pread) = (
            data.value(id, "mmap", 10.0 * MIB)?,
            data.value(id, "pread", 10.0 * MIB)?,
        );
        leads.push(mmap.is_above(&pread));
        figures.push(format!(
            "{id}, 10 MiB: mmap {}, pread {}",
            spread(mmap, "/s"),
            spread(pread, "/s")
        ));
    }
    let word = match *leads {
        [true, true] => Word::Holds,
        [true, false] => Word::HoldsWithALimit,
        _ => Word::Refuted,
    };
    verdict(word, figures.join("; "))
}
