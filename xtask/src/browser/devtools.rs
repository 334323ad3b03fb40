//! A headless Chromium, told what to do through its debugging pipe.
//!
//! The protocol is JSON, each message ended by a zero byte, on the descriptors 3 and 4 of the browser; a shell puts them
//! there. So no port is opened, and no other program is needed to speak with it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The browser.
pub(super) const PROGRAM: &str = "chromium";

/// How long an answer may take; a first start on a busy machine takes many seconds.
const PATIENCE: Duration = Duration::from_secs(120);

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--window-size=1100,900",
    "--remote-debugging-pipe",
];

/// A running browser. It ends with this, whatever happens.
pub(super) struct Browser {
    child: Child,
    orders: ChildStdin,
    messages: Receiver<Value>,
    next_id: u64,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    /// Starts it with a new profile under `scratch`.
    pub(super) fn start(scratch: &Path) -> Result<Self> {
        let profile = format!("--user-data-dir={}", scratch.join("profile").display());
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null",
                "sh",
                PROGRAM,
            ])
            .args(FLAGS)
            .args([&profile, "about:blank"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context(PROGRAM)?;
        let orders = child.stdin.take().context("stdin")?;
        let told = child.stdout.take().context("stdout")?;
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            for message in BufReader::new(told).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else {
                    return;
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            orders,
            messages,
            next_id: 0,
        })
    }

    /// Opens an empty tab that notes what its page does.
    pub(super) fn tab(&mut self) -> Result<Tab<'_>> {
        let mut tab = Tab {
            browser: self,
            session: None,
            events: Vec::new(),
        };
        let target = tab.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = tab.call("Target.attachToTarget", &attach)?;
        let session = attached["sessionId"].as_str().context("sessionId")?;
        tab.session = Some(session.to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(tab)
    }

    /// Ends it in order.
    pub(super) fn close(mut self) -> Result<()> {
        self.next_id += 1;
        let order = json!({ "id": self.next_id, "method": "Browser.close" });
        self.send(&order)?;
        self.child.wait()?;
        Ok(())
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let mut bytes = serde_json::to_vec(message)?;
        bytes.push(0);
        self.orders.write_all(&bytes)?;
        self.orders.flush().context("the browser's pipe")
    }

    fn next_message(&self) -> Result<Value> {
        let message = self.messages.recv_timeout(PATIENCE);
        message.with_context(|| format!("{PROGRAM} said nothing for {} s", PATIENCE.as_secs()))
    }
}

/// One page.
pub(super) struct Tab<'b> {
    browser: &'b mut Browser,
    session: Option<String>,
    /// Everything it told unasked.
    events: Vec<Value>,
}

impl Tab<'_> {
    /// One call and its result.
    pub(super) fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.browser.next_id += 1;
        let id = self.browser.next_id;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.browser.send(&message)?;
        loop {
            let mut message = self.browser.next_message()?;
            if message["id"] == id {
                if message["error"].is_object() {
                    bail!("{method}: {}", message["error"]);
                }
                return Ok(message["result"].take());
            }
            self.note(message);
        }
    }

    fn note(&mut self, message: Value) {
        // Other tabs' events are theirs.
        if self.session.is_some() && message["sessionId"].as_str() == self.session.as_deref() {
            self.events.push(message);
        }
    }

    /// Opens a page and waits until all of it is loaded.
    pub(super) fn open(&mut self, address: &str) -> Result<()> {
        self.events.clear();
        let opened = self.call("Page.navigate", &json!({ "url": address }))?;
        if let Some(error) = opened["errorText"].as_str() {
            bail!("{address}: {error}");
        }
        let is_loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.events.iter().any(is_loaded) {
            let message = self.browser.next_message()?;
            self.note(message);
        }
        Ok(())
    }

    /// The text that an expression gives.
    pub(super) fn evaluate(&mut self, expression: &str) -> Result<String> {
        let result = self.call("Runtime.evaluate", &json!({ "expression": expression }))?;
        let text = result["result"]["value"].as_str();
        Ok(text.with_context(|| result.to_string())?.to_owned())
    }

    /// What the page and the browser said on the console, errors of scripts and of its policy among it.
    pub(super) fn console(&self) -> Vec<String> {
        let said = self.events.iter().filter_map(|event| {
            let params = &event["params"];
            Some(match event["method"].as_str()? {
                "Runtime.consoleAPICalled" => format!("{} {}", params["type"], params["args"]),
                "Runtime.exceptionThrown" => params["exceptionDetails"]["text"].to_string(),
                "Log.entryAdded" => params["entry"]["text"].to_string(),
                _ => return None,
            })
        });
        said.collect()
    }

    /// Addresses that were asked for.
    pub(super) fn requests(&self) -> Vec<String> {
        let asked = self.events.iter().filter_map(|event| {
            let is_request = event["method"] == "Network.requestWillBeSent";
            let url = event["params"]["request"]["url"].as_str()?;
            is_request.then(|| url.to_owned())
        });
        asked.collect()
    }

    /// The upper part of the page as a PNG.
    pub(super) fn screenshot(&mut self) -> Result<Vec<u8>> {
        let clip = json!({ "x": 0, "y": 0, "width": 1100, "height": 1250, "scale": 1 });
        let params = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        let picture = self.call("Page.captureScreenshot", &params)?;
        let text = picture["data"].as_str().context("no picture")?;
        from_base64(text).context("the picture is not base64")
    }
}

/// Decodes base64 with or without padding; `None` for anything else.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xff).to_le_bytes()[0]);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_any_length() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmFy", b"foobar"),
            ("+/8=", b"\xfb\xff"),
        ] {
            assert_eq!(from_base64(text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(from_base64("a b"), None);
    }
}
