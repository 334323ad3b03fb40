//! DAMON schemes that push memory out before it is short.

use super::kernel::Kernel;
use super::{Finding, Verdict};

const ADMIN: &str = "sys/kernel/mm/damon/admin/kdamonds";

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Paths of the running watchers that have a scheme which evicts, with what the scheme does.
    pub(super) evicting: Vec<(String, String)>,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel) -> Self {
        let mut evicting = Vec::new();
        for number in kernel.list(ADMIN) {
            let watcher = format!("{ADMIN}/{number}");
            if kernel.text(&format!("{watcher}/state")).as_deref() != Some("on") {
                continue;
            }
            for context in kernel.list(&format!("{watcher}/contexts")) {
                let schemes = format!("{watcher}/contexts/{context}/schemes");
                for scheme in kernel.list(&schemes) {
                    let action = kernel.text(&format!("{schemes}/{scheme}/action"));
                    let evicts =
                        action.filter(|action| ["pageout", "cold"].contains(&action.as_str()));
                    evicting.extend(evicts.map(|action| (format!("/{watcher}"), action)));
                }
            }
        }
        Self { evicting }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let why = "pages that nobody touched for a while leave the page cache although memory is free: a \
               consumer that comes back reads from the disk, and pages of mapped files may be spared \
               where others are not";
    let Some((watcher, action)) = facts.evicting.first() else {
        let finding = Finding::new("kernel.damon", Verdict::Ok, "no scheme evicts pages").why(why);
        return vec![finding];
    };
    let finding = Finding::new(
        "kernel.damon",
        Verdict::Note,
        format!("{action} by {watcher}"),
    );
    vec![finding.why(why).change(format!(
        "echo off > {watcher}/state, if it is yours to decide; measurements have to report it"
    ))]
}
