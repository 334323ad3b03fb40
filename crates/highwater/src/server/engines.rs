//! Which engine each half runs on: what was asked for, or the measured default of its layout.

use super::data::DataDirs;
use crate::config::EngineWish;
use parking_lot::Mutex;
use segment::{Engine, EngineChoice, EngineKind, EngineOptions};
use std::sync::Arc;

/// The engines of a server. Halves that run on the same kind share one, with its buffers and its ring.
pub(super) struct Engines {
    options: EngineOptions,
    open: Mutex<Vec<OpenEngine>>,
}

/// An engine and what was wanted when it was opened.
struct OpenEngine {
    wanted: EngineKind,
    engine: Arc<dyn Engine>,
    choice: EngineChoice,
}

/// The engine of one half.
pub(super) struct Chosen {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) kind: EngineKind,
    /// For the banner: the engine, and why it.
    pub(super) line: String,
}

impl Engines {
    pub(super) fn new(dirs: &DataDirs) -> Self {
        Self {
            options: EngineOptions::new(&dirs.own),
            open: Mutex::default(),
        }
    }

    /// The engine for a layout whose measured default is `default`.
    pub(super) fn choose(&self, wish: EngineWish, default: EngineKind, layout: &str) -> Chosen {
        let wanted = match wish {
            EngineWish::Auto => default,
            EngineWish::Mmap => EngineKind::Mmap,
            EngineWish::File => EngineKind::File,
            EngineWish::Staged => EngineKind::Staged,
            EngineWish::Direct => EngineKind::Direct,
        };
        let mut open = self.open.lock();
        let found = open.iter().find(|known| known.wanted == wanted);
        let (engine, choice) = match found {
            Some(known) => (Arc::clone(&known.engine), known.choice.clone()),
            None => {
                let (engine, choice) = segment::open_engine(wanted, &self.options);
                open.push(OpenEngine {
                    wanted,
                    engine: Arc::clone(&engine),
                    choice: choice.clone(),
                });
                (engine, choice)
            }
        };
        let why = match wish {
            EngineWish::Auto if choice.kind == wanted => format!("default for {layout} layout"),
            _ => choice.why,
        };
        Chosen {
            engine,
            kind: choice.kind,
            line: format!("{} ({why})", choice.kind),
        }
    }
}
