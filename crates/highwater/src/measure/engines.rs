//! The engines that run here, all on one disk port that the bench steers.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use segment::{Engine, EngineKind, EngineOptions, open_engine};

use super::state::StateDisk;
use crate::report::EngineFact;

/// Engines by kind. Those that do not work here are known with the reason.
#[derive(Debug)]
pub struct Engines {
    disk: Arc<StateDisk>,
    running: HashMap<EngineKind, Arc<dyn Engine>>,
    wanted: Vec<EngineKind>,
    facts: Vec<EngineFact>,
}

impl Engines {
    /// Starts them; each is tried out in `dir`.
    #[must_use]
    pub fn start(wanted: &[EngineKind], dir: &Path) -> Self {
        let disk = Arc::new(StateDisk::default());
        let mut engines = Self {
            disk: Arc::clone(&disk),
            running: HashMap::new(),
            wanted: Vec::new(),
            facts: Vec::new(),
        };
        for kind in wanted {
            if engines.wanted.contains(kind) {
                continue;
            }
            engines.wanted.push(*kind);
            let options = EngineOptions {
                disk: Arc::clone(&disk) as Arc<dyn segment::Disk>,
                ..EngineOptions::new(dir)
            };
            let (engine, choice) = open_engine(*kind, &options);
            let runs = choice.kind == *kind;
            if runs {
                engines.running.insert(*kind, engine);
            }
            engines.facts.push(EngineFact {
                engine: kind.name().to_owned(),
                runs,
                why: choice.why,
            });
        }
        engines
    }

    /// What was asked for, in that order, each once.
    #[must_use]
    pub fn wanted(&self) -> &[EngineKind] {
        &self.wanted
    }

    /// Which run and why not.
    #[must_use]
    pub fn facts(&self) -> &[EngineFact] {
        &self.facts
    }

    /// An engine, or why it does not run here.
    pub(super) fn get(&self, kind: EngineKind) -> Result<&Arc<dyn Engine>, String> {
        self.running.get(&kind).ok_or_else(|| {
            let fact = self.facts.iter().find(|fact| fact.engine == kind.name());
            fact.map_or_else(
                || format!("{kind} was not asked for"),
                |fact| fact.why.clone(),
            )
        })
    }

    /// The port under all of them.
    pub(super) fn disk(&self) -> &StateDisk {
        &self.disk
    }
}
