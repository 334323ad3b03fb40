//! Kafka's own Java code as oracle. Needs a JDK and the Kafka jars, so it runs on demand:
//! `KAFKA_LIBS=…/libs cargo test -p kafka-wire --test codec --features java-oracle`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use crate::sample::{self, Random};
use crate::schema;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `Echo.java` reads `NAME VERSION HEX` lines, decodes with Kafka's class and encodes again.
#[test]
fn kafkas_own_classes_agree_on_every_message_and_version() {
    let libs = std::env::var("KAFKA_LIBS").expect("KAFKA_LIBS names a folder with Kafka's jars");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/codec/Echo.java");
    let mut child = Command::new("java")
        .args(["-cp", &format!("{libs}/*"), source])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java starts");
    let mut lines = Vec::new();
    for schema in schema::load() {
        for version in schema.versions.clone() {
            for seed in 0..crate::SAMPLES {
                let sample = sample::message(&schema, version, &mut Random(seed));
                lines.push(format!("{} {version} {}", schema.name, hex(&sample.bytes)));
            }
        }
    }
    let mut input = child.stdin.take().expect("java reads");
    let text = lines.join("\n") + "\n";
    let feeder = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = BufReader::new(child.stdout.take().expect("java writes"));
    let mut differing = Vec::new();
    let mut answers = 0;
    for (sent, answer) in lines.iter().zip(output.lines()) {
        let answer = answer.expect("java answers in UTF-8");
        answers += 1;
        if *sent != answer {
            differing.push(format!("sent {sent}\n got {answer}"));
        }
    }
    feeder
        .join()
        .expect("the feeder lives")
        .expect("java reads everything");
    assert!(child.wait().expect("java ends").success());
    assert_eq!(answers, lines.len());
    assert!(
        differing.is_empty(),
        "{} differ:\n{}",
        differing.len(),
        differing[0]
    );
}
