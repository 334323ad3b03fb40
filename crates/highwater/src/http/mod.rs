//! Metrics and health over HTTP, on a thread of its own so that a scrape delays no request.
//!
//! `/metrics` (Prometheus), `/health/live` (the process turns over, also during recovery),
//! `/health/ready` (listeners open, recovery done). The health pages answer from memory; a scrape may
//! have to look into logs that nobody has asked for since the start.

mod metrics;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
pub(crate) use metrics::{KafkaSource, RecoveryFigures, RocketmqSource, Source};
use serde_json::json;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// What the pages show; filled in as the server starts.
#[derive(Debug, Default)]
pub(crate) struct Status {
    source: OnceLock<Source>,
    phase: parking_lot::Mutex<Phase>,
}

/// How far the server is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Opening and recovering logs.
    #[default]
    Starting,
    /// Serving.
    Ready,
    /// Finishing what is in hand.
    Stopping,
}

impl Status {
    /// Recovery is done and clients are served.
    pub(crate) fn ready(&self, source: Source) {
        // Set once; a second server in the same process has its own status.
        let _ = self.source.set(source);
        *self.phase.lock() = Phase::Ready;
    }

    /// No further connections are taken.
    pub(crate) fn stopping(&self) {
        *self.phase.lock() = Phase::Stopping;
    }

    fn phase(&self) -> Phase {
        *self.phase.lock()
    }
}

/// The thread that answers; stops when dropped.
#[derive(Debug)]
pub(crate) struct Http {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// Answers on `sockets` until dropped.
    ///
    /// # Errors
    /// The thread or its event loop cannot be created.
    pub(crate) fn start(sockets: Vec<TcpListener>, status: Arc<Status>) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || {
                runtime.block_on(serve(sockets, router(status), stopped));
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(sockets: Vec<TcpListener>, router: Router, stopped: watch::Receiver<bool>) {
    let mut tasks = tokio::task::JoinSet::new();
    for socket in sockets {
        let listener = match tokio::net::TcpListener::from_std(socket) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "HTTP listener lost");
                continue;
            }
        };
        let router = router.clone();
        tasks.spawn(async move { axum::serve(listener, router).await });
    }
    let mut stopped = stopped;
    // An error means the sender is gone, which is a stop too. Open scrapes are dropped: they can
    // be asked again, and a stop must not wait for a slow reader.
    let _ = stopped.wait_for(|stop| *stop).await;
}

fn router(status: Arc<Status>) -> Router {
    let ready = Arc::clone(&status);
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route(
            "/health/live",
            get(|| async { json_answer(StatusCode::OK, "live") }),
        )
        .route(
            "/health/ready",
            get(move || async move { readiness(ready.phase()) }),
        )
        .route("/metrics", get(move || async move { scrape(&status) }))
}

const INDEX: &str = "highwater\n\n/metrics       Prometheus\n/health/live   the process turns over\n/health/ready  clients are served\n";

fn readiness(phase: Phase) -> Response {
    match phase {
        Phase::Ready => json_answer(StatusCode::OK, "ready"),
        Phase::Starting => json_answer(StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Phase::Stopping => json_answer(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
    }
}

fn json_answer(code: StatusCode, status: &str) -> Response {
    let body = json!({ "status": status }).to_string();
    (code, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn scrape(status: &Status) -> Response {
    match metrics::render(status.source.get()) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
