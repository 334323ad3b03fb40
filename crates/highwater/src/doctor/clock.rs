//! What the time is read from.

use super::kernel::Kernel;
use super::{Finding, Verdict};

const DIR: &str = "sys/devices/system/clocksource/clocksource0";

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// `None`: the kernel does not say.
    pub(super) current: Option<String>,
    pub(super) available: String,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel) -> Self {
        Self {
            current: kernel.text(&format!("{DIR}/current_clocksource")),
            available: kernel
                .text(&format!("{DIR}/available_clocksource"))
                .unwrap_or_default(),
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let Some(current) = &facts.current else {
        return Vec::new();
    };
    // These are read by a device access inside a system call, which takes microseconds.
    let slow = [
        "hpet",
        "acpi_pm",
        "jiffies",
        "refined-jiffies",
        "pit",
        "xen",
    ];
    let why = "each request is timed; a clock that is not read in user space costs a system call and \
               more";
    if !slow.contains(&current.as_str()) {
        return vec![Finding::new("machine.clock", Verdict::Ok, current).why(why)];
    }
    let quick = facts
        .available
        .split_whitespace()
        .find(|name| !slow.contains(name));
    let finding = Finding::new("machine.clock", Verdict::Warn, current).why(why);
    vec![match quick {
        Some(name) => finding.change(format!("echo {name} > /{DIR}/current_clocksource")),
        None => finding.change("a kernel or hypervisor setting: no quick clock is on offer"),
    }]
}
