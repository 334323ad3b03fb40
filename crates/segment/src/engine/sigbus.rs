//! Mapped pages that cannot be had must not kill the process.
//!
//! Reading or writing a mapped page whose block cannot be read, whose space cannot be found, or
//! that lies beyond the end of the file raises SIGBUS. One handler for the process looks the
//! address up in a table of watched mappings; a hit sets the mapping's flag and puts an empty
//! private page in place, so that the access ends. Whoever uses a mapping asks
//! [`Watch::is_hit`] after the access and before anything is concluded from it.
//! An address of nobody here goes to the handler that was there before.
//!
//! Invariants: the handler takes no lock, allocates nothing and reads only atomics; a mapping is
//! unwatched before it is unmapped.

#![allow(unsafe_code)]

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

/// As many as the kernel allows mappings by default (`vm.max_map_count`).
const SLOTS: usize = 1 << 16;

const PAGE_BYTES: usize = 4096;

#[derive(Debug)]
struct Slot {
    /// 0: free.
    base: AtomicUsize,
    end: AtomicUsize,
    hit: AtomicBool,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        base: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        hit: AtomicBool::new(false),
    }
}; SLOTS];

/// Slots at or above this have never been used.
static USED: AtomicUsize = AtomicUsize::new(0);

static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());

struct Previous(std::cell::UnsafeCell<Option<libc::sigaction>>);

// SAFETY: written once, inside `Once`, before the handler that reads it is installed.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous = Previous(std::cell::UnsafeCell::new(None));

/// A watched range of addresses.
#[derive(Debug)]
pub(super) struct Watch {
    /// Its place in the table. `None` when that is full: SIGBUS in there stays deadly.
    slot: Option<(usize, &'static Slot)>,
}

impl Watch {
    /// Watches `[base, base + len)`, which the caller has mapped.
    pub(super) fn new(base: usize, len: usize) -> Self {
        install();
        let mut free = FREE.lock();
        let index = free.pop().or_else(|| {
            let next = USED.load(Ordering::Relaxed);
            (next < SLOTS).then(|| {
                USED.store(next + 1, Ordering::Release);
                next
            })
        });
        drop(free);
        let found = index.and_then(|index| Some((index, TABLE.get(index)?)));
        let Some((_, slot)) = found else {
            tracing::warn!("too many mappings: a disk error in this one will end the process");
            return Self { slot: None };
        };
        slot.hit.store(false, Ordering::Relaxed);
        slot.end.store(base + len, Ordering::Relaxed);
        slot.base.store(base, Ordering::Release);
        Self { slot: found }
    }

    /// True once an access failed.
    pub(super) fn is_hit(&self) -> bool {
        self.slot
            .is_some_and(|(_, slot)| slot.hit.load(Ordering::Acquire))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((index, slot)) = self.slot {
            slot.base.store(0, Ordering::Release);
            FREE.lock().push(index);
        }
    }
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: all zeros is a valid `sigaction`; the pointers are valid for the calls; the
        // handler keeps to what a signal handler may do; `PREVIOUS` is written before the new
        // handler can run, because the first call only asks.
        unsafe {
            let mut before: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut before) != 0 {
                return;
            }
            *PREVIOUS.0.get() = Some(before);
            let mut ours: libc::sigaction = std::mem::zeroed();
            let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = handle;
            ours.sa_sigaction = handler as usize;
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut ours.sa_mask);
            if libc::sigaction(libc::SIGBUS, &raw const ours, std::ptr::null_mut()) != 0 {
                tracing::warn!("no SIGBUS handler: a disk error under a mapping is deadly");
            }
        }
    });
}

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid `siginfo_t` to a handler installed with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() } as usize;
    let used = USED.load(Ordering::Acquire).min(SLOTS);
    for slot in TABLE.iter().take(used) {
        let base = slot.base.load(Ordering::Acquire);
        if base != 0 && base <= address && address < slot.end.load(Ordering::Relaxed) {
            slot.hit.store(true, Ordering::Release);
            if put_empty_page(address & !(PAGE_BYTES - 1)) {
                return;
            }
            break;
        }
    }
    pass_on(signal, info, context);
}

fn put_empty_page(page: usize) -> bool {
    // SAFETY: the page belongs to a mapping of ours that is still in place (it is unwatched
    // before it is unmapped), so nothing else can lie there. `errno` is kept for the code that
    // was interrupted.
    unsafe {
        let errno = libc::__errno_location();
        let kept = *errno;
        let at = libc::mmap(
            page as *mut libc::c_void,
            PAGE_BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        *errno = kept;
        at != libc::MAP_FAILED
    }
}

/// Does what would have happened without us.
fn pass_on(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: `PREVIOUS` was written before this handler was installed and never since. A handler
    // found there is called with the arguments its flags promise. The default action is put back
    // for the access to fault again and end the process as it would have.
    unsafe {
        match &*PREVIOUS.0.get() {
            Some(previous)
                if previous.sa_sigaction != libc::SIG_DFL
                    && previous.sa_sigaction != libc::SIG_IGN =>
            {
                if previous.sa_flags & libc::SA_SIGINFO != 0 {
                    let call: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                        std::mem::transmute(previous.sa_sigaction);
                    call(signal, info, context);
                } else {
                    let call: extern "C" fn(i32) = std::mem::transmute(previous.sa_sigaction);
                    call(signal);
                }
            }
            _ => {
                let mut default: libc::sigaction = std::mem::zeroed();
                default.sa_sigaction = libc::SIG_DFL;
                libc::sigaction(libc::SIGBUS, &raw const default, std::ptr::null_mut());
            }
        }
    }
}
