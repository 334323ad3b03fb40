//! Compares the engines of a report, and says in sentences what that comes to.
//!
//! An engine is chosen in place of the default where all of these hold: it keeps the rate; each of its figures is better
//! than each of the default's; the middle ones differ by more than a fifth (and latencies by more than [`NOTICED_NS`]); and
//! its slowest append is not beyond doubt slower. Of several such engines it is the one that beats all others, else the
//! plainest of them.

use segment::EngineKind;

use super::evidence::{self, Trust};
use super::{Durability, Layout, Plan};
use crate::report::units::{Unit, show};
use crate::report::{Better, Choice, Experiment, Machine, Outcome, Point, Series, Spread};

/// A gain of less is not worth a setting.
const GAIN: f64 = 1.2;
/// A shorter difference no client sees: the round trip of a request takes as long on one machine.
const NOTICED_NS: f64 = 20_000.0;
/// A slowest append counts as slower from this on.
const STALL_NS: f64 = 1_000_000.0;
/// An engine keeps a rate that it acknowledges at least this part of.
const KEPT: f64 = 0.9;
/// From the plainest on: calls before memory that is written back behind them, before mappings, before rings.
const PLAINEST: [EngineKind; 4] = [
    EngineKind::File,
    EngineKind::Staged,
    EngineKind::Mmap,
    EngineKind::Direct,
];

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// 99 of 100 messages are acknowledged within this.
    P99,
    /// Messages a second.
    Throughput,
}

impl By {
    fn better(self) -> Better {
        match self {
            Self::P99 => Better::Lower,
            Self::Throughput => Better::Higher,
        }
    }

    fn show(self, spread: Spread) -> String {
        let unit = match self {
            Self::P99 => Unit::Nanoseconds,
            Self::Throughput => Unit::PerSecond,
        };
        let one = |value| show(value, unit);
        format!(
            "{} ({} … {})",
            one(spread.median),
            one(spread.min),
            one(spread.max)
        )
    }
}

/// An engine's figures.
#[derive(Clone, Copy, Debug)]
struct Figures {
    kind: EngineKind,
    main: Spread,
    slowest: Option<Spread>,
    keeps: bool,
}

/// How an engine compares with the default.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Against {
    Better(f64),
    Worse(f64),
    /// The order is beyond doubt and does not matter.
    Little,
    WithinTheSpread,
}

/// Chooses. `complete`: all that was planned was measured.
#[must_use]
pub fn choose(
    plan: &Plan,
    machine: &Machine,
    experiments: &[Experiment],
    complete: bool,
) -> Choice {
    let evidence = evidence::of(plan, machine, experiments);
    let default = plan.layout.default_engine();
    let (outcome, engine, why) = if !complete {
        let why = "the run ended early: no choice is made from a part of it";
        (Outcome::NoChoice, default, vec![why.to_owned()])
    } else if evidence.trust == Trust::Nothing {
        let why = "no choice is made: these are not the figures of a disk";
        (Outcome::NoChoice, default, vec![why.to_owned()])
    } else {
        compare(plan, evidence.trust, experiments)
    };
    Choice {
        outcome,
        engine: engine.name().to_owned(),
        why,
        evidence: evidence.sentences,
        configuration: None,
    }
}

type Compared = (Outcome, EngineKind, Vec<String>);

fn compare(plan: &Plan, trust: Trust, experiments: &[Experiment]) -> Compared {
    let default = plan.layout.default_engine();
    let mut why = Vec::new();
    let of = |by| -> Vec<(EngineKind, Result<Figures, String>)> {
        let kinds = plan.engines.iter();
        kinds
            .map(|kind| (*kind, figures(experiments, by, *kind)))
            .collect()
    };
    let mut by = By::Throughput;
    let mut all = of(by);
    if plan.rate_per_s > 0 {
        let at_rate = of(By::P99);
        if at_rate
            .iter()
            .any(|(_, one)| one.as_ref().is_ok_and(|one| one.keeps))
        {
            (by, all) = (By::P99, at_rate);
        } else {
            why.push(format!(
                "no engine keeps {} messages a second here, so they are compared by how many they take",
                plan.rate_per_s
            ));
        }
    }
    why.push(question(plan, by, default));
    let base = all.iter().find(|(kind, _)| *kind == default);
    let base = base.and_then(|(_, one)| one.as_ref().ok()).copied();
    let mut winners = Vec::new();
    let mut worse = 0;
    for (kind, figures) in &all {
        let (sentence, against) = sentence(*kind, figures, base, by, trust);
        why.push(sentence);
        match (against, figures) {
            (Some(Against::Better(_)), Ok(figures)) => winners.push(*figures),
            (Some(Against::Worse(_)), _) => worse += 1,
            _ => {}
        }
    }
    let measured = all.iter().filter(|(_, one)| one.is_ok()).count();
    let Some(winner) = best(&winners, by) else {
        let (outcome, text) = conclusion(default, base.is_some(), measured, worse);
        why.push(text);
        return (outcome, default, why);
    };
    why.push(match winners.len() {
        1 => format!("use {winner}: it is better than the default beyond doubt"),
        _ => format!("use {winner}: of the engines that are better than the default it is the best beyond doubt, or the plainest"),
    });
    (Outcome::Chosen, winner, why)
}

/// What is asked, and of which figures.
fn question(plan: &Plan, by: By, default: EngineKind) -> String {
    let acknowledged = match plan.durability {
        Durability::Disk => "on the disk",
        Durability::Os => "in the page cache",
    };
    let layout = match plan.layout {
        Layout::Kafka => "Kafka's",
        Layout::Rocketmq => "RocketMQ's",
    };
    let append = show(plan.append_bytes() as f64, Unit::Bytes);
    let message = show(plan.message_bytes as f64, Unit::Bytes);
    let figure = match by {
        By::P99 => format!(
            "at {} messages a second, the time within which 99 of 100 are acknowledged ({acknowledged})",
            plan.rate_per_s
        ),
        By::Throughput => {
            format!("messages a second, as fast as it goes, each acknowledged {acknowledged}")
        }
    };
    format!(
        "for messages of {message} in appends of {append} and {layout} layout, whose default engine is {default}: {figure}; \
         middle of {} rounds, least and most",
        plan.rounds
    )
}

fn conclusion(
    default: EngineKind,
    has_base: bool,
    measured: usize,
    worse: usize,
) -> (Outcome, String) {
    match (has_base, worse + 1 == measured) {
        (false, _) => (
            Outcome::NoChoice,
            format!(
                "no choice: the default, {default}, was not measured, so there is nothing to compare with"
            ),
        ),
        (true, true) if measured > 1 => (
            Outcome::DefaultIsBest,
            format!("stay with the default: {default} is better than every other beyond doubt"),
        ),
        (true, _) => (
            Outcome::NoDifference,
            format!(
                "no difference: stay with the default, {default}. Nothing is better than it by more than a fifth in every round"
            ),
        ),
    }
}

/// Of several winners the one that beats all others, else the plainest.
fn best(winners: &[Figures], by: By) -> Option<EngineKind> {
    let beats = |one: &&Figures| {
        let mut others = winners.iter().filter(|other| other.kind != one.kind);
        others.all(|other| matches!(against(one, other, by), Against::Better(_)))
    };
    if let Some(one) = winners.iter().find(beats) {
        return Some(one.kind);
    }
    PLAINEST
        .into_iter()
        .find(|kind| winners.iter().any(|winner| winner.kind == *kind))
}

fn sentence(
    kind: EngineKind,
    figures: &Result<Figures, String>,
    base: Option<Figures>,
    by: By,
    trust: Trust,
) -> (String, Option<Against>) {
    let figures = match figures {
        Ok(figures) => figures,
        Err(why) => return (format!("{kind} was not measured: {why}"), None),
    };
    let shown = format!("{kind}: {}", by.show(figures.main));
    if by == By::P99 && !figures.keeps {
        return (format!("{shown}, and it does not keep the rate"), None);
    }
    let Some(base) = base else {
        return (shown, None);
    };
    if base.kind == kind {
        return (format!("{shown}, the default"), None);
    }
    if by == By::P99 && !base.keeps {
        let told = format!("{shown}; it keeps the rate and the default does not");
        return judged(
            told,
            kind,
            figures,
            &base,
            Against::Better(f64::INFINITY),
            trust,
        );
    }
    let against = against(figures, &base, by);
    let word = match by {
        By::P99 => ("shorter", "longer"),
        By::Throughput => ("more", "fewer"),
    };
    let told = match against {
        Against::Better(times) => format!("{shown}, {} beyond doubt ({times:.1} times)", word.0),
        Against::Worse(times) => format!("{shown}, {} beyond doubt ({times:.1} times)", word.1),
        Against::Little => format!("{shown}, too little different to matter"),
        Against::WithinTheSpread => format!("{shown}, no difference beyond the spread"),
    };
    judged(told, kind, figures, &base, against, trust)
}

/// Takes the lead away from who may not be chosen, and says why.
fn judged(
    told: String,
    kind: EngineKind,
    figures: &Figures,
    base: &Figures,
    against: Against,
    trust: Trust,
) -> (String, Option<Against>) {
    if !matches!(against, Against::Better(_)) {
        return (told, Some(against));
    }
    if trust == Trust::Calls && matches!(kind, EngineKind::Mmap | EngineKind::Direct) {
        return (format!("{told}; not chosen on this file system"), None);
    }
    if let (true, Some(own), Some(of_base)) = (base.keeps, figures.slowest, base.slowest)
        && own.min > of_base.max + STALL_NS
    {
        let (own, of_base) = (By::P99.show(own), By::P99.show(of_base));
        return (
            format!("{told}; but its slowest append takes {own} and the default's {of_base}"),
            None,
        );
    }
    (told, Some(against))
}

fn against(one: &Figures, other: &Figures, by: By) -> Against {
    let (a, b) = (one.main, other.main);
    if !a.is_apart_from(&b) {
        return Against::WithinTheSpread;
    }
    let leads = match by.better() {
        Better::Higher => a.median > b.median,
        Better::Lower => a.median < b.median,
    };
    let times = (a.median / b.median).max(b.median / a.median);
    let is_seen = by == By::Throughput || (a.median - b.median).abs() >= NOTICED_NS;
    match (times >= GAIN && is_seen, leads) {
        (false, _) => Against::Little,
        (true, true) => Against::Better(times),
        (true, false) => Against::Worse(times),
    }
}

fn figures(experiments: &[Experiment], by: By, kind: EngineKind) -> Result<Figures, String> {
    let id = match by {
        By::P99 => "rate",
        By::Throughput => "limit",
    };
    let experiment = experiments.iter().find(|one| one.id == id);
    let experiment = experiment.ok_or_else(|| format!("{id:?} was not run"))?;
    if let Some(why) = &experiment.refused {
        return Err(why.clone());
    }
    let series = experiment.series.iter().find(|one| one.name == kind.name());
    let series = series.ok_or("it was not run")?;
    let spread = |point: &Point| point.spread.ok_or_else(|| "no figures".to_owned());
    if by == By::Throughput {
        let main = spread(point(series, "as fast as it goes")?)?;
        return Ok(Figures {
            kind,
            main,
            slowest: None,
            keeps: true,
        });
    }
    let slowest = point(series, "max")?;
    let kept = slowest.measure("rate kept").map(|kept| kept.spread.median);
    Ok(Figures {
        kind,
        main: spread(point(series, "p99")?)?,
        slowest: Some(spread(slowest)?),
        keeps: kept.is_some_and(|kept| kept >= KEPT),
    })
}

/// What was measured under a name.
fn point<'a>(series: &'a Series, label: &str) -> Result<&'a Point, String> {
    let found = series
        .points
        .iter()
        .find(|one| one.label.as_deref() == Some(label));
    let found = found.ok_or_else(|| format!("no {label}"))?;
    found.refused.clone().map_or(Ok(found), Err)
}
