//! Runs named cases of rocketmq-client-rust on order: the same protocol as every driver under tests/clients.
//!
//! `PROGRAM --list` prints the names. `PROGRAM NAMESRV THREADS` reads names from standard input, one a line, and prints
//! one line of JSON per case: `{"case", "ok", "ms", "detail"}`.

#![recursion_limit = "512"]

mod cases;
mod clients;

use std::io::BufRead;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use rocketmq_client_rust::{ClientRuntime, ClientRuntimeConfig};
use rocketmq_runtime::{RuntimeConfig, RuntimeOwner};
use tokio::runtime::Runtime;

use self::cases::CASES;
use self::clients::Env;

/// The client's futures are deep, and not all of them may change threads.
const STACK_BYTES: usize = 64 << 20;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [list] if list == "--list" => CASES.iter().for_each(|(name, _)| println!("{name}")),
        [names, threads] => serve(names, threads.parse().unwrap()),
        _ => panic!("--list, or NAMESRV THREADS"),
    }
}

fn serve(names: &str, threads: usize) {
    let mut config = RuntimeConfig::default();
    config.thread_name = "client".to_owned();
    let owner = RuntimeOwner::plan(config).unwrap().build().unwrap();
    let telemetry = rocketmq_observability::TelemetryBootstrapConfig::default();
    let telemetry = rocketmq_observability::install_global(&telemetry).unwrap();
    let client = ClientRuntime::try_new(
        owner.root_context().component("client"),
        ClientRuntimeConfig::default(),
        telemetry.handle(),
    );
    let client = client.unwrap();
    let (orders, taken) = mpsc::channel::<String>();
    let taken = Arc::new(Mutex::new(taken));
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (taken, client, names) =
                (Arc::clone(&taken), Arc::clone(&client), names.to_owned());
            let work = move || {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()
                    .unwrap();
                loop {
                    let order = taken.lock().unwrap().recv();
                    let Ok(order) = order else { return };
                    answer(&runtime, &client, &names, &order);
                }
            };
            std::thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn(work)
                .unwrap()
        })
        .collect();
    for line in std::io::stdin().lock().lines() {
        orders.send(line.unwrap()).unwrap();
    }
    drop(orders);
    for worker in workers {
        worker.join().unwrap();
    }
    // Every answer is out: nothing is left to wait for.
    std::process::exit(0);
}

fn answer(runtime: &Runtime, client: &Arc<ClientRuntime>, names: &str, order: &str) {
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let (_, run) = CASES
            .iter()
            .find(|(name, _)| *name == order)
            .expect("no such case");
        runtime.block_on(run(Env::new(client, names, order)));
    }));
    let detail = outcome
        .err()
        .map(|panic| match panic.downcast_ref::<String>() {
            Some(text) => text.clone(),
            None => panic
                .downcast_ref::<&str>()
                .copied()
                .unwrap_or("a panic")
                .to_owned(),
        });
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let line = serde_json::json!({
        "case": order, "ok": detail.is_none(), "ms": ms, "detail": detail.unwrap_or_default(),
    });
    println!("{line}");
}
