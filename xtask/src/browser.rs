//! `cargo xtask browser`: opens the page of a report in a real Chromium and looks at what it makes of it.
//!
//! The page is one that the command under test has just written. Charts must be there and have a size, in light and in dark;
//! the console must stay empty; nothing may be asked of anybody. A page that breaks all of this is opened first: a check
//! that does not see it is no check.

mod devtools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use self::devtools::{Browser, Tab};
use crate::clients::server;
use crate::report::{Report, Tally};
use crate::{step, workspace};

/// Options of `browser`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Look at this page instead of one made for the purpose.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Write the pictures into docs/img/ instead of target/browser/.
    #[arg(long)]
    write: bool,
}

/// Name of the pictures.
const PICTURE: &str = "bench-report";

/// Breaks everything that is checked.
const BAD_PAGE: &str = "<!doctype html><meta charset=utf-8><title>bad</title><svg class=chart></svg>\
    <img src='http://127.0.0.1:9/x.png'><script>console.error('x'); null.x</script>";

/// Looks at one page.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    if args.page.is_none() {
        server::build()?;
    }
    steps(&mut report, args);
    Ok(report.finish())
}

/// What `cargo xtask test` runs of this.
pub(crate) fn test_steps(report: &mut Report) {
    let args = Args {
        page: None,
        write: false,
    };
    steps(report, &args);
}

fn steps(report: &mut Report, args: &Args) {
    if !report.step("install Chromium", || {
        install().map(|()| Tally::single(true))
    }) {
        return;
    }
    report.step("a report in Chromium", || look(args));
}

/// Installs Chromium from the distribution if it is not there.
fn install() -> Result<()> {
    if step::output(Command::new(devtools::PROGRAM).arg("--version")).is_err() {
        step::output(Command::new("apt-get").args(["-qq", "update"]))?;
        step::output(Command::new("apt-get").args([
            "-qq",
            "-y",
            "--no-install-recommends",
            "install",
            "chromium",
        ]))
        .context("Chromium is needed, and only the distribution has it")?;
    }
    Ok(())
}

fn look(args: &Args) -> Result<Tally> {
    let scratch = tempfile::tempdir()?;
    let bad = scratch.path().join("bad.html");
    fs::write(&bad, BAD_PAGE)?;
    let (page, expected) = match &args.page {
        Some(page) => (page.canonicalize()?, None),
        None => {
            let (page, expected) = make_page(scratch.path())?;
            (page, Some(expected))
        }
    };
    let mut browser = Browser::start(scratch.path())?;
    let control = observe(&mut browser.tab()?, &bad, None)?;
    ensure!(
        control.complaints(None).len() >= 4,
        "the checks did not see a bad page: {control:?}"
    );
    let mut tally = Tally::single(true);
    let pictures = if args.write {
        workspace::root().join("docs/img")
    } else {
        workspace::target_dir().join("browser")
    };
    fs::create_dir_all(&pictures)?;
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        let mut tab = browser.tab()?;
        let seen = observe(&mut tab, &page, Some(scheme))?;
        let complaints = seen.complaints(expected.as_ref());
        for complaint in &complaints {
            println!("   {scheme}: {complaint}");
        }
        println!(
            "   {scheme}: {} charts, {} lines, {} whiskers, {} crossings",
            seen.charts.len(),
            seen.lines(),
            seen.whiskers,
            seen.crossings
        );
        tally.add(Tally::single(complaints.is_empty()));
        papers.push(seen.paper);
        let picture = pictures.join(format!("{PICTURE}-{scheme}.png"));
        fs::write(&picture, tab.screenshot()?)?;
        println!("   {}", picture.display());
    }
    // Light and dark that look the same would be a style that is not applied.
    tally.add(Tally::single(papers.first() != papers.last()));
    browser.close()?;
    Ok(tally)
}

/// What a report must look like.
struct Expected {
    charts: usize,
    crossings: u64,
}

/// A small run of the real command.
fn make_page(scratch: &Path) -> Result<(PathBuf, Expected)> {
    let (page, document) = (scratch.join("report.html"), scratch.join("report.json"));
    let mut command = Command::new(server::binary());
    command
        .args(["bench", "io", "--file-bytes", "16M", "--runs", "3"])
        .args(["--sizes", "64,1K,4K,64K,1M"])
        .args(["--only", "write-resident", "--only", "write-fallocated"])
        .args(["--only", "read-resident", "--dir"])
        .arg(scratch)
        .arg("--html")
        .arg(&page)
        .arg("--out")
        .arg(&document);
    step::output(&mut command)?;
    let report: Value = serde_json::from_str(&fs::read_to_string(&document)?)?;
    let experiments = report["experiments"].as_array().context("experiments")?;
    let measured = |experiment: &&Value| {
        let points = experiment["series"].as_array().into_iter().flatten();
        let mut points =
            points.flat_map(|series| series["points"].as_array().into_iter().flatten());
        points.any(|point| point["spread"].is_object())
    };
    let crossings = experiments
        .iter()
        .map(|experiment| experiment["crossings"].as_array().map_or(0, Vec::len) as u64);
    let expected = Expected {
        charts: experiments.iter().filter(measured).count(),
        crossings: crossings.sum(),
    };
    ensure!(expected.charts > 0, "nothing was measured: {report:#}");
    Ok((page, expected))
}

/// What the browser made of a page.
#[derive(Debug)]
struct Seen {
    charts: Vec<Chart>,
    whiskers: u64,
    crossings: u64,
    /// Colour of the page's background.
    paper: String,
    /// Wider than the window.
    overflows: bool,
    /// What the console said.
    console: Vec<String>,
    /// Addresses that were asked for, the page itself left out.
    requests: Vec<String>,
}

#[derive(Debug)]
struct Chart {
    width: f64,
    height: f64,
    /// Length of each line as drawn.
    lines: Vec<f64>,
    /// Texts along the axes.
    texts: u64,
}

/// Asks the page about itself.
const QUESTION: &str = "JSON.stringify({
  charts: [...document.querySelectorAll('svg.chart')].map(svg => {
    const box = svg.getBoundingClientRect();
    return { width: box.width, height: box.height,
      lines: [...svg.querySelectorAll('path.series')].map(path => path.getTotalLength()),
      texts: svg.querySelectorAll('text').length };
  }),
  whiskers: document.querySelectorAll('.whisker').length,
  crossings: document.querySelectorAll('.crossing-mark').length,
  paper: getComputedStyle(document.body).backgroundColor,
  overflows: document.documentElement.scrollWidth > document.documentElement.clientWidth,
})";

fn observe(tab: &mut Tab<'_>, page: &Path, scheme: Option<&str>) -> Result<Seen> {
    if let Some(scheme) = scheme {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        tab.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        )?;
    }
    let address = format!("file://{}", page.display());
    tab.open(&address)?;
    let answer: Value = serde_json::from_str(&tab.evaluate(QUESTION)?)?;
    let charts = answer["charts"].as_array().context("charts")?.iter();
    let lines = |chart: &Value| {
        let lines = chart["lines"].as_array().into_iter().flatten();
        lines.filter_map(Value::as_f64).collect()
    };
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let charts = charts.map(|chart| Chart {
        width: number(&chart["width"]),
        height: number(&chart["height"]),
        lines: lines(chart),
        texts: chart["texts"].as_u64().unwrap_or_default(),
    });
    let charts = charts.collect();
    let mut requests = tab.requests();
    requests.retain(|url| *url != address && !url.starts_with("data:"));
    Ok(Seen {
        charts,
        whiskers: answer["whiskers"].as_u64().unwrap_or_default(),
        crossings: answer["crossings"].as_u64().unwrap_or_default(),
        paper: answer["paper"].as_str().unwrap_or_default().to_owned(),
        overflows: answer["overflows"] == true,
        console: tab.console(),
        requests,
    })
}

impl Seen {
    fn lines(&self) -> usize {
        self.charts.iter().map(|chart| chart.lines.len()).sum()
    }

    /// Everything that is wrong.
    fn complaints(&self, expected: Option<&Expected>) -> Vec<String> {
        let mut complaints = Vec::new();
        for (number, chart) in self.charts.iter().enumerate() {
            if chart.width < 300.0 || chart.height < 120.0 {
                complaints.push(format!(
                    "chart {number} is {:.0} by {:.0}",
                    chart.width, chart.height
                ));
            }
            if chart.lines.is_empty() || chart.lines.iter().any(|length| *length < 1.0) {
                complaints.push(format!("chart {number} has lines of {:?}", chart.lines));
            }
            if chart.texts < 5 {
                complaints.push(format!("chart {number} has {} texts", chart.texts));
            }
        }
        if let Some(expected) = expected {
            if self.charts.len() != expected.charts {
                complaints.push(format!(
                    "{} charts, the report has {}",
                    self.charts.len(),
                    expected.charts
                ));
            }
            if self.crossings != expected.crossings {
                complaints.push(format!(
                    "{} crossings, the report has {}",
                    self.crossings, expected.crossings
                ));
            }
            if self.whiskers == 0 {
                complaints.push("no whisker is drawn".to_owned());
            }
        }
        if self.charts.is_empty() {
            complaints.push("no chart".to_owned());
        }
        if self.overflows {
            complaints.push("wider than the window".to_owned());
        }
        let said = self.console.iter().map(|line| format!("console: {line}"));
        complaints.extend(said);
        let asked = self.requests.iter().map(|url| format!("asked for {url}"));
        complaints.extend(asked);
        complaints
    }
}
